/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Processes that end: their age, and the status that their parent will be told (wait_task_zombie, kernel/exit.c).
 *
 * A process ends with its last thread: signal->live is 0 by then (do_exit). Two threads that end together may both see
 * that, and a first thread that leaves early sees it not. So each first thread says that it was here before it looks, and
 * of all who see 0 only who takes that back tells of the end; who sees 0 before the first thread was here leaves it to
 * that one. */
#ifndef EXITS_ROWS
#define EXITS_ROWS 8192
#endif
#define EXITS_FIRSTS 16384 /* processes whose first thread has ended before others */
#define EXITS_PAGES 32
#define EXITS_GROUP 4 /* SIGNAL_GROUP_EXIT, include/linux/sched/signal.h */

struct exits_event {
    u64 ns;
    u64 age_ns;
    u32 pid;
    u32 ppid;
    u32 uid;
    u32 ended; /* the signal, | 0x80 with a core dump; 0: exited */
    u32 status;
    char comm[EBTOP_COMM];
};

struct exits_key {
    u32 pid; /* of the parent */
    u16 ended;
    u16 status;
    char program[EBTOP_COMM];
};

struct exits_value {
    u64 exits;
    u64 failures;
    u64 age_ns;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct exits_key, struct exits_value, exits_rows, EXITS_ROWS);
BPF_HASH(exits_firsts, u32, u8, EXITS_FIRSTS);
EBTOP_COUNTERS(struct ebtop_histogram, exits_ages, 1);
EBTOP_EVENTS(exits, struct exits_event, EXITS_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, exits_totals, 1);

#define EXITS_READ(to, from) bpf_probe_read_kernel(&(to), sizeof(to), &(from))

/* Whether the process ends with the current thread, and nobody else says so. A first thread that finds no room to say that
 * it was here tells of the end if it sees it; else nobody will, which is counted. */
static __always_inline int exits_is_last(struct signal_struct *signal, u32 pid, u32 tid, struct ebtop_totals *totals) {
    u8 here = 1;
    s32 live = 0, full = pid == tid && exits_firsts.update(&pid, &here);
    EXITS_READ(live, signal->live);
    if (full)
        totals->lost += live && !ebtop_is_left_out(pid);
    return !live && (full || !exits_firsts.delete(&pid));
}

/* What wait(2) will say: of the whole process, else of its first thread. */
static __always_inline u32 exits_code(struct task_struct *task, struct signal_struct *signal) {
    struct task_struct *leader = 0;
    u32 flags = 0, code = 0;
    EXITS_READ(flags, signal->flags);
    if (flags & EXITS_GROUP) {
        EXITS_READ(code, signal->group_exit_code);
        return code;
    }
    EXITS_READ(leader, task->group_leader);
    EXITS_READ(code, leader->exit_code);
    return code;
}

static __always_inline void exits_count(struct exits_event *event, struct task_struct *parent,
                                        struct ebtop_totals *totals) {
    struct exits_key key = {.pid = event->ppid, .ended = event->ended, .status = event->status};
    struct exits_value empty = {};
    __builtin_memcpy(key.program, event->comm, sizeof(key.program));
    struct exits_value *row = exits_rows.lookup(&key);
    if (!row) {
        bpf_probe_read_kernel(&empty.comm, sizeof(empty.comm), &parent->comm);
        row = exits_rows.lookup_or_try_init(&key, &empty);
    }
    if (!row) {
        totals->drops++;
        return;
    }
    ebtop_add(&row->exits, 1);
    ebtop_add(&row->failures, event->ended || event->status);
    ebtop_add(&row->age_ns, event->age_ns);
}

int exits_exit(struct bpf_raw_tracepoint_args *ctx) {
    struct task_struct *task = (void *)bpf_get_current_task(), *leader = 0, *parent = 0;
    struct signal_struct *signal = 0;
    u64 ids = bpf_get_current_pid_tgid();
    u32 cpu = bpf_get_smp_processor_id(), zero = 0, pid = ids >> 32;
    struct ebtop_totals *totals = exits_totals.lookup(&cpu);
    struct ebtop_histogram *ages = exits_ages.lookup(&cpu);
    EXITS_READ(signal, task->signal);
    if (!totals || !ages || !exits_is_last(signal, pid, ids, totals) || ebtop_is_left_out(pid))
        return 0;
    totals->total++;
    struct exits_event event;
    __builtin_memset(&event, 0, sizeof(event)); /* with its padding: all of it is copied out */
    event.ns = bpf_ktime_get_ns();
    event.pid = pid;
    event.uid = bpf_get_current_uid_gid();
    u64 began = 0;
    u32 code = exits_code(task, signal);
    event.ended = code & 0xff;
    event.status = code >> 8 & 0xff;
    EXITS_READ(leader, task->group_leader);
    EXITS_READ(began, leader->start_time);
    EXITS_READ(event.comm, leader->comm);
    EXITS_READ(parent, leader->real_parent);
    EXITS_READ(event.ppid, parent->tgid);
    event.age_ns = ebtop_elapsed(began, event.ns);
    ebtop_observe(ages, event.age_ns);
    exits_count(&event, parent, totals);
    struct exits_event *told = exits_events.ringbuf_reserve(sizeof(*told));
    if (!told) {
        totals->lost++;
        return 0;
    }
    __builtin_memcpy(told, &event, sizeof(event));
    u64 *sent = exits_sent.lookup(&zero);
    exits_events.ringbuf_submit(told, ebtop_wake(sent, EBTOP_QUARTER(struct exits_event, EXITS_PAGES)));
    return 0;
}
