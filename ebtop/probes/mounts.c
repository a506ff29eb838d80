/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Calls that change what is mounted where, at their return: mount, umount2, pivot_root, and the newer ones that make a mount
 * step by step (fsopen names the type, fsmount makes it, move_mount puts it somewhere). Names are read from the program's
 * memory, as it gave them. */
#ifndef MOUNTS_ROWS
#define MOUNTS_ROWS 2048
#endif
#define MOUNTS_PAGES 32
#define MOUNTS_PATH 128
#define MOUNTS_TYPE 16
#define MOUNTS_MAGIC 0xC0ED0000 /* MS_MGC_VAL, MS_MGC_MSK: include/uapi/linux/mount.h */
#define MOUNTS_MAGIC_MASK 0xffff0000
#define MOUNTS_UMOUNT 32 /* bits that umount2's flags are shifted by, to tell them from mount's */

struct mounts_event {
    u64 ns;
    u64 flags;
    u32 pid;
    u32 uid;
    u32 nr;
    u32 errno;
    char comm[EBTOP_COMM];
    char type[MOUNTS_TYPE];
    char source[MOUNTS_PATH];
    char target[MOUNTS_PATH];
};

struct mounts_key {
    u32 pid;
    u16 nr;
    u16 errno;
};

struct mounts_names { /* addresses in the program's memory, 0 for none */
    u64 source;
    u64 target;
    u64 type;
    u64 flags;
};

BPF_TABLE("hash", struct mounts_key, struct ebtop_calls, mounts_rows, MOUNTS_ROWS);
EBTOP_EVENTS(mounts, struct mounts_event, MOUNTS_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, mounts_totals, 1);

/* What the call was given; 0 when it is another. */
static __always_inline int mounts_given(struct mounts_names *names, const struct pt_regs *regs, u32 nr) {
    switch (nr) {
    case EBTOP_NR_mount:
        names->source = ebtop_argument(regs, 0);
        names->target = ebtop_argument(regs, 1);
        names->type = ebtop_argument(regs, 2);
        names->flags = (u32)ebtop_argument(regs, 3);
        if ((names->flags & MOUNTS_MAGIC_MASK) == MOUNTS_MAGIC)
            names->flags &= ~MOUNTS_MAGIC_MASK;
        return 1;
    case EBTOP_NR_umount2:
        names->target = ebtop_argument(regs, 0);
        names->flags = (u64)(u32)ebtop_argument(regs, 1) << MOUNTS_UMOUNT;
        return 1;
    case EBTOP_NR_pivot_root:
        names->source = ebtop_argument(regs, 0);
        names->target = ebtop_argument(regs, 1);
        return 1;
    case EBTOP_NR_move_mount:
        names->source = ebtop_argument(regs, 1);
        names->target = ebtop_argument(regs, 3);
        return 1;
    case EBTOP_NR_open_tree:
    case EBTOP_NR_open_tree_attr:
        names->source = ebtop_argument(regs, 1);
        return 1;
    case EBTOP_NR_mount_setattr:
        names->target = ebtop_argument(regs, 1);
        return 1;
    case EBTOP_NR_fsopen:
        names->type = ebtop_argument(regs, 0);
        return 1;
    case EBTOP_NR_fsmount:
        return 1;
    }
    return 0;
}

static __always_inline void mounts_count(struct mounts_key *key, struct ebtop_totals *totals) {
    struct ebtop_calls *row = mounts_rows.lookup(key), empty = {};
    if (!row) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = mounts_rows.lookup_or_try_init(key, &empty);
    }
    ebtop_count_call(row, key->errno, totals);
}

int mounts_exit(struct bpf_raw_tracepoint_args *ctx) { /* (regs, ret) */
    struct task_struct *task = (void *)bpf_get_current_task();
    const struct pt_regs *regs = (void *)ctx->args[0];
    u64 ret = ctx->args[1];
    u32 cpu = bpf_get_smp_processor_id(), zero = 0, nr = ebtop_call(regs);
    struct mounts_names names = {};
    struct mounts_key key = {.nr = nr};
    if (!mounts_given(&names, regs, nr) || EBTOP_COMPAT(task))
        return 0;
    struct ebtop_totals *totals = mounts_totals.lookup(&cpu);
    key.pid = bpf_get_current_pid_tgid() >> 32;
    key.errno = EBTOP_FAILED(ret) ? -ret : 0;
    if (!totals || ebtop_is_left_out(key.pid))
        return 0;
    totals->total++;
    mounts_count(&key, totals);
    struct mounts_event *event = mounts_events.ringbuf_reserve(sizeof(*event));
    if (!event) {
        totals->lost++;
        return 0;
    }
    __builtin_memset(event, 0, sizeof(*event)); /* the ring's memory holds what was there before */
    event->ns = bpf_ktime_get_ns();
    event->flags = names.flags;
    event->pid = key.pid;
    event->uid = bpf_get_current_uid_gid();
    event->nr = key.nr;
    event->errno = key.errno;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    bpf_probe_read_user_str(event->type, sizeof(event->type), (void *)names.type);
    bpf_probe_read_user_str(event->source, sizeof(event->source), (void *)names.source);
    bpf_probe_read_user_str(event->target, sizeof(event->target), (void *)names.target);
    u64 *sent = mounts_sent.lookup(&zero);
    mounts_events.ringbuf_submit(event, ebtop_wake(sent, EBTOP_QUARTER(struct mounts_event, MOUNTS_PAGES)));
    return 0;
}
