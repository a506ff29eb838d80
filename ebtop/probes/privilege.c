/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Calls that change who a process is, what it may do, or what the kernel runs, and opens of files that hold secrets, all at
 * their return. One look at each call's number tells whether it is of interest. Names are read from the program's memory, as
 * it gave them; a file is told by the beginning of that name, see privilege_is_secret. */
#ifndef PRIVILEGE_ROWS
#define PRIVILEGE_ROWS 4096
#endif
#define PRIVILEGE_PAGES 32
#define PRIVILEGE_DETAIL 128
#define PRIVILEGE_NUMBERS 3
#define PRIVILEGE_BEGIN 64  /* bytes of a path that are looked at */
#define PRIVILEGE_TRACEME 0 /* include/uapi/linux/ptrace.h */
#define PRIVILEGE_ATTACH 16
#define PRIVILEGE_SEIZE 0x4206
#define PRIVILEGE_PROG_LOAD 5 /* enum bpf_cmd; in its attributes, where a program's name is: union bpf_attr */
#define PRIVILEGE_PROG_ATTACH 8
#define PRIVILEGE_RAW_TRACEPOINT 17
#define PRIVILEGE_LINK_CREATE 28
#define PRIVILEGE_PROG_NAME 48
#define PRIVILEGE_NEW 0x7e020080 /* CLONE_NEW…, include/uapi/linux/sched.h */

enum { /* what it is about; the words are in privilege.py */
       PRIVILEGE_NOTHING,
       PRIVILEGE_USER,
       PRIVILEGE_GROUP,
       PRIVILEGE_CAPABILITIES,
       PRIVILEGE_TRACE,
       PRIVILEGE_MEMORY,
       PRIVILEGE_MODULE,
       PRIVILEGE_KERNEL,
       PRIVILEGE_BPF_LOAD,
       PRIVILEGE_BPF_ATTACH,
       PRIVILEGE_PERF,
       PRIVILEGE_MOUNT,
       PRIVILEGE_ROOT,
       PRIVILEGE_NAMESPACE,
       PRIVILEGE_KEYS,
       PRIVILEGE_PORTS,
       PRIVILEGE_REBOOT,
       PRIVILEGE_SECRET,
};

struct privilege_event {
    u64 ns;
    u32 pid;
    u32 uid;
    u32 nr;
    u32 what;
    u32 errno;
    u32 flags;
    char comm[EBTOP_COMM];
    char detail[PRIVILEGE_DETAIL];
};

struct privilege_key {
    u32 pid;
    u16 what;
    u16 errno;
};

struct privilege_given {
    u64 name; /* address in the program's memory, 0 for none */
    u32 numbers[PRIVILEGE_NUMBERS];
    u32 count;
    u32 flags;
};

BPF_TABLE("hash", struct privilege_key, struct ebtop_calls, privilege_rows, PRIVILEGE_ROWS);
EBTOP_EVENTS(privilege, struct privilege_event, PRIVILEGE_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, privilege_totals, 1);

static __always_inline u32 privilege_named(u32 what, struct privilege_given *given, u64 name) {
    given->name = name;
    return what;
}

/* `count` arguments from `place` on are numbers. */
static __always_inline u32 privilege_numbers(u32 what, struct privilege_given *given, const struct pt_regs *regs,
                                             int place, int count) {
    given->numbers[0] = ebtop_argument(regs, place);
    if (count > 1)
        given->numbers[1] = ebtop_argument(regs, place + 1);
    if (count > 2)
        given->numbers[2] = ebtop_argument(regs, place + 2);
    given->count = count;
    return what;
}

#define PRIVILEGE_BEGINS(path, text) privilege_begins((path), (text), sizeof(text) - 1)

static __always_inline int privilege_begins(const char *path, const char *text, int length) {
#pragma unroll
    for (int at = 0; at < length; at++) {
        if (path[at] != text[at])
            return 0;
    }
    return 1;
}

/* Whether a file holds secrets, by the beginning of its path; below /home by a folder .ssh anywhere in that. */
static __always_inline int privilege_is_secret(u64 name) {
    char path[PRIVILEGE_BEGIN] = {};
    u64 last = 0;
    bpf_probe_read_user_str(path, sizeof(path), (void *)name);
    if (PRIVILEGE_BEGINS(path, "/etc/"))
        return PRIVILEGE_BEGINS(path + 5, "shadow") || PRIVILEGE_BEGINS(path + 5, "gshadow") ||
               PRIVILEGE_BEGINS(path + 5, "sudoers") || PRIVILEGE_BEGINS(path + 5, "ssh/ssh_host_");
    if (PRIVILEGE_BEGINS(path, "/dev/"))
        return PRIVILEGE_BEGINS(path + 5, "mem") || PRIVILEGE_BEGINS(path + 5, "kmem") ||
               PRIVILEGE_BEGINS(path + 5, "port");
    if (!PRIVILEGE_BEGINS(path, "/home/"))
        return PRIVILEGE_BEGINS(path, "/root/.ssh/") || PRIVILEGE_BEGINS(path, "/proc/kcore");
#pragma unroll
    for (int at = 6; at < PRIVILEGE_BEGIN; at++) {
        last = last << 8 | (u8)path[at];
        if ((last & 0xffffffffffffULL) == 0x2f2e7373682fULL) /* "/.ssh/" */
            return 1;
    }
    return 0;
}

static __always_inline u32 privilege_ptrace(struct privilege_given *given, const struct pt_regs *regs) {
    u64 request = ebtop_argument(regs, 0);
    if (request == PRIVILEGE_TRACEME)
        return PRIVILEGE_TRACE;
    if (request != PRIVILEGE_ATTACH && request != PRIVILEGE_SEIZE)
        return PRIVILEGE_NOTHING;
    return privilege_numbers(PRIVILEGE_TRACE, given, regs, 1, 1);
}

static __always_inline u32 privilege_bpf(struct privilege_given *given, const struct pt_regs *regs) {
    u64 command = ebtop_argument(regs, 0);
    if (command == PRIVILEGE_PROG_LOAD)
        return privilege_named(PRIVILEGE_BPF_LOAD, given, ebtop_argument(regs, 1) + PRIVILEGE_PROG_NAME);
    if (command == PRIVILEGE_RAW_TRACEPOINT) {
        u64 name = 0;
        bpf_probe_read_user(&name, sizeof(name), (void *)ebtop_argument(regs, 1));
        return privilege_named(PRIVILEGE_BPF_ATTACH, given, name);
    }
    return command == PRIVILEGE_PROG_ATTACH || command == PRIVILEGE_LINK_CREATE ? PRIVILEGE_BPF_ATTACH
                                                                                : PRIVILEGE_NOTHING;
}

/* Only those that ask for a new namespace, and only once: a new process returns from the same call, with 0. */
static __always_inline u32 privilege_clone(struct privilege_given *given, u64 flags, u64 ret) {
    given->flags = flags & PRIVILEGE_NEW;
    return given->flags && ret ? PRIVILEGE_NAMESPACE : PRIVILEGE_NOTHING;
}

/* What the call is about and was given; of an open it is not known yet whether the file is secret. */
static __always_inline u32 privilege_read(struct privilege_given *given, const struct pt_regs *regs, u32 nr, u64 ret) {
    u64 flags = 0;
    switch (nr) {
#ifdef EBTOP_NR_open /* what arm64 has none of */
    case EBTOP_NR_open:
        return privilege_named(PRIVILEGE_SECRET, given, ebtop_argument(regs, 0));
    case EBTOP_NR_iopl:
    case EBTOP_NR_ioperm:
        return privilege_numbers(PRIVILEGE_PORTS, given, regs, 0, 1);
#endif
    case EBTOP_NR_openat:
    case EBTOP_NR_openat2:
        return privilege_named(PRIVILEGE_SECRET, given, ebtop_argument(regs, 1));
    case EBTOP_NR_setuid:
        return privilege_numbers(PRIVILEGE_USER, given, regs, 0, 1);
    case EBTOP_NR_setreuid:
        return privilege_numbers(PRIVILEGE_USER, given, regs, 0, 2);
    case EBTOP_NR_setresuid:
        return privilege_numbers(PRIVILEGE_USER, given, regs, 0, 3);
    case EBTOP_NR_setgid:
        return privilege_numbers(PRIVILEGE_GROUP, given, regs, 0, 1);
    case EBTOP_NR_setregid:
        return privilege_numbers(PRIVILEGE_GROUP, given, regs, 0, 2);
    case EBTOP_NR_setresgid:
        return privilege_numbers(PRIVILEGE_GROUP, given, regs, 0, 3);
    case EBTOP_NR_setgroups:
        return PRIVILEGE_GROUP;
    case EBTOP_NR_capset:
        return PRIVILEGE_CAPABILITIES;
    case EBTOP_NR_ptrace:
        return privilege_ptrace(given, regs);
    case EBTOP_NR_process_vm_readv:
    case EBTOP_NR_process_vm_writev:
        return privilege_numbers(PRIVILEGE_MEMORY, given, regs, 0, 1);
    case EBTOP_NR_init_module:
        return PRIVILEGE_MODULE;
    case EBTOP_NR_finit_module:
        return privilege_named(PRIVILEGE_MODULE, given, ebtop_argument(regs, 1)); /* its parameters */
    case EBTOP_NR_delete_module:
        return privilege_named(PRIVILEGE_MODULE, given, ebtop_argument(regs, 0));
    case EBTOP_NR_kexec_load:
    case EBTOP_NR_kexec_file_load:
        return PRIVILEGE_KERNEL;
    case EBTOP_NR_bpf:
        return privilege_bpf(given, regs);
    case EBTOP_NR_perf_event_open:
        return privilege_numbers(PRIVILEGE_PERF, given, regs, 1, 1);
    case EBTOP_NR_mount:
        return privilege_named(PRIVILEGE_MOUNT, given, ebtop_argument(regs, 1));
    case EBTOP_NR_umount2:
        return privilege_named(PRIVILEGE_MOUNT, given, ebtop_argument(regs, 0));
    case EBTOP_NR_mount_setattr:
        return privilege_named(PRIVILEGE_MOUNT, given, ebtop_argument(regs, 1));
    case EBTOP_NR_move_mount:
        return privilege_named(PRIVILEGE_MOUNT, given, ebtop_argument(regs, 3));
    case EBTOP_NR_pivot_root:
    case EBTOP_NR_chroot:
        return privilege_named(PRIVILEGE_ROOT, given, ebtop_argument(regs, 0));
    case EBTOP_NR_unshare: /* of files, or of what else threads share, takes no privilege */
        given->flags = ebtop_argument(regs, 0) & PRIVILEGE_NEW;
        return given->flags ? PRIVILEGE_NAMESPACE : PRIVILEGE_NOTHING;
    case EBTOP_NR_setns:
        given->flags = ebtop_argument(regs, 1) & PRIVILEGE_NEW;
        return PRIVILEGE_NAMESPACE;
    case EBTOP_NR_clone:
        return privilege_clone(given, ebtop_argument(regs, 0), ret);
    case EBTOP_NR_clone3:
        bpf_probe_read_user(&flags, sizeof(flags), (void *)ebtop_argument(regs, 0));
        return privilege_clone(given, flags, ret);
    case EBTOP_NR_keyctl:
        return privilege_numbers(PRIVILEGE_KEYS, given, regs, 0, 1);
    case EBTOP_NR_reboot:
        return PRIVILEGE_REBOOT;
    }
    return PRIVILEGE_NOTHING;
}

/* The name, or up to three numbers divided by spaces. */
static __always_inline void privilege_tell(char *detail, struct privilege_given *given) {
    u32 at = 0;
    if (given->name)
        bpf_probe_read_user_str(detail, PRIVILEGE_DETAIL, (void *)given->name);
    for (u32 place = 0; place < PRIVILEGE_NUMBERS; place++) {
        if (place >= given->count)
            break;
        if (place)
            detail[at++ & (PRIVILEGE_DETAIL - 1)] = ' ';
        at = ebtop_decimal(detail, at, PRIVILEGE_DETAIL, given->numbers[place]);
    }
}

static __always_inline void privilege_count(struct privilege_key *key, struct ebtop_totals *totals) {
    struct ebtop_calls *row = privilege_rows.lookup(key), empty = {};
    if (!row) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = privilege_rows.lookup_or_try_init(key, &empty);
    }
    ebtop_count_call(row, key->errno, totals);
}

int privilege_exit(struct bpf_raw_tracepoint_args *ctx) { /* (regs, ret) */
    struct task_struct *task = (void *)bpf_get_current_task();
    const struct pt_regs *regs = (void *)ctx->args[0];
    u64 ret = ctx->args[1];
    u32 cpu = bpf_get_smp_processor_id(), zero = 0, nr = ebtop_call(regs);
    struct privilege_given given = {};
    struct privilege_key key = {.what = privilege_read(&given, regs, nr, ret)};
    if (!key.what || EBTOP_COMPAT(task) || (key.what == PRIVILEGE_SECRET && !privilege_is_secret(given.name)))
        return 0;
    struct ebtop_totals *totals = privilege_totals.lookup(&cpu);
    key.pid = bpf_get_current_pid_tgid() >> 32;
    key.errno = EBTOP_FAILED(ret) ? -ret : 0;
    if (!totals || ebtop_is_left_out(key.pid))
        return 0;
    totals->total++;
    privilege_count(&key, totals);
    struct privilege_event *event = privilege_events.ringbuf_reserve(sizeof(*event));
    if (!event) {
        totals->lost++;
        return 0;
    }
    __builtin_memset(event, 0, sizeof(*event)); /* the ring's memory holds what was there before */
    event->ns = bpf_ktime_get_ns();
    event->pid = key.pid;
    event->uid = bpf_get_current_uid_gid();
    event->nr = nr;
    event->what = key.what;
    event->errno = key.errno;
    event->flags = given.flags;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    privilege_tell(event->detail, &given);
    u64 *sent = privilege_sent.lookup(&zero);
    privilege_events.ringbuf_submit(event, ebtop_wake(sent, EBTOP_QUARTER(struct privilege_event, PRIVILEGE_PAGES)));
    return 0;
}
