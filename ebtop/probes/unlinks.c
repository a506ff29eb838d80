/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Calls that take a name away, give another, or change who may use a file, at their return. Names are read from the program's
 * memory, as it gave them. */
#ifndef UNLINKS_ROWS
#define UNLINKS_ROWS 8192
#endif
#define UNLINKS_PAGES 64
#define UNLINKS_PATH 128

struct unlinks_event {
    u64 ns;
    u32 pid;
    u32 uid;
    u32 nr;
    u32 errno;
    char comm[EBTOP_COMM];
    char path[UNLINKS_PATH];
    char to[UNLINKS_PATH]; /* the new name, mode, or owner:group */
};

struct unlinks_key {
    u32 pid;
    u16 nr;
    u16 errno;
};

struct unlinks_given {
    u64 path; /* addresses in the program's memory, 0 for none */
    u64 to;
    u32 mode;
    u32 owner;
    u32 group;
    u8 has_mode;
    u8 has_owner;
};

BPF_TABLE("hash", struct unlinks_key, struct ebtop_calls, unlinks_rows, UNLINKS_ROWS);
EBTOP_EVENTS(unlinks, struct unlinks_event, UNLINKS_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, unlinks_totals, 1);

static __always_inline int unlinks_named(struct unlinks_given *given, const struct pt_regs *regs, int path, int to) {
    given->path = ebtop_argument(regs, path);
    if (to)
        given->to = ebtop_argument(regs, to);
    return 1;
}

static __always_inline int unlinks_mode(struct unlinks_given *given, const struct pt_regs *regs, int place) {
    given->has_mode = 1;
    given->mode = ebtop_argument(regs, place);
    return 1;
}

static __always_inline int unlinks_owner(struct unlinks_given *given, const struct pt_regs *regs, int place) {
    given->has_owner = 1;
    given->owner = ebtop_argument(regs, place);
    given->group = ebtop_argument(regs, place + 1);
    return 1;
}

/* What the call was given; 0 when it is another. */
static __always_inline int unlinks_read(struct unlinks_given *given, const struct pt_regs *regs, u32 nr) {
    switch (nr) {
#ifdef EBTOP_NR_unlink /* the older calls, which arm64 has none of */
    case EBTOP_NR_unlink:
    case EBTOP_NR_rmdir:
        return unlinks_named(given, regs, 0, 0);
    case EBTOP_NR_rename:
        return unlinks_named(given, regs, 0, 1);
    case EBTOP_NR_chmod:
        return unlinks_named(given, regs, 0, 0) && unlinks_mode(given, regs, 1);
    case EBTOP_NR_chown:
    case EBTOP_NR_lchown:
        return unlinks_named(given, regs, 0, 0) && unlinks_owner(given, regs, 1);
#endif
    case EBTOP_NR_unlinkat:
        return unlinks_named(given, regs, 1, 0);
    case EBTOP_NR_renameat:
    case EBTOP_NR_renameat2:
        return unlinks_named(given, regs, 1, 3);
    case EBTOP_NR_fchmod:
        return unlinks_mode(given, regs, 1);
    case EBTOP_NR_fchmodat:
    case EBTOP_NR_fchmodat2:
        return unlinks_named(given, regs, 1, 0) && unlinks_mode(given, regs, 2);
    case EBTOP_NR_fchown:
        return unlinks_owner(given, regs, 1);
    case EBTOP_NR_fchownat:
        return unlinks_named(given, regs, 1, 0) && unlinks_owner(given, regs, 2);
    }
    return 0;
}

/* What is to be said beside the path. */
static __always_inline void unlinks_tell(char *text, struct unlinks_given *given) {
    if (given->has_owner) {
        u32 at = ebtop_decimal(text, 0, UNLINKS_PATH, given->owner);
        text[at & (UNLINKS_PATH - 1)] = ':';
        ebtop_decimal(text, at + 1, UNLINKS_PATH, given->group);
    } else if (given->has_mode) {
        for (int digit = 0; digit < 4; digit++)
            text[digit] = '0' + (given->mode >> (9 - 3 * digit) & 7);
    } else {
        bpf_probe_read_user_str(text, UNLINKS_PATH, (void *)given->to);
    }
}

static __always_inline void unlinks_count(struct unlinks_key *key, struct ebtop_totals *totals) {
    struct ebtop_calls *row = unlinks_rows.lookup(key), empty = {};
    if (!row) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = unlinks_rows.lookup_or_try_init(key, &empty);
    }
    ebtop_count_call(row, key->errno, totals);
}

int unlinks_exit(struct bpf_raw_tracepoint_args *ctx) { /* (regs, ret) */
    struct task_struct *task = (void *)bpf_get_current_task();
    const struct pt_regs *regs = (void *)ctx->args[0];
    u64 ret = ctx->args[1];
    u32 cpu = bpf_get_smp_processor_id(), zero = 0, nr = ebtop_call(regs);
    struct unlinks_given given = {};
    struct unlinks_key key = {.nr = nr};
    if (!unlinks_read(&given, regs, nr) || EBTOP_COMPAT(task))
        return 0;
    struct ebtop_totals *totals = unlinks_totals.lookup(&cpu);
    key.pid = bpf_get_current_pid_tgid() >> 32;
    key.errno = EBTOP_FAILED(ret) ? -ret : 0;
    if (!totals || ebtop_is_left_out(key.pid))
        return 0;
    totals->total++;
    unlinks_count(&key, totals);
    struct unlinks_event *event = unlinks_events.ringbuf_reserve(sizeof(*event));
    if (!event) {
        totals->lost++;
        return 0;
    }
    __builtin_memset(event, 0, sizeof(*event)); /* the ring's memory holds what was there before */
    event->ns = bpf_ktime_get_ns();
    event->pid = key.pid;
    event->uid = bpf_get_current_uid_gid();
    event->nr = key.nr;
    event->errno = key.errno;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    bpf_probe_read_user_str(event->path, sizeof(event->path), (void *)given.path);
    unlinks_tell(event->to, &given);
    u64 *sent = unlinks_sent.lookup(&zero);
    unlinks_events.ringbuf_submit(event, ebtop_wake(sent, EBTOP_QUARTER(struct unlinks_event, UNLINKS_PAGES)));
    return 0;
}
