/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Who sleeps how long, in which state, and where: from the switch away from a thread that does not want to run until the
 * switch back to it, so that the wait for a CPU after it was woken is part of it. Stacks are those of the moment it goes.
 *
 * A thread keeps its slot, by the address of its task, for as long as it lives, with 0 for "does not sleep". The last
 * switch away from a thread that is dead gives its slot back. A stack that finds no room leaves its row without it: the
 * sleep is counted all the same, and the loss as `lost`. */
#ifndef OFFCPU_ROWS
#define OFFCPU_ROWS 10240
#endif
#define OFFCPU_STACKS 16384
#define OFFCPU_STARTS 32768 /* threads */
#define OFFCPU_STATES 8     /* 0: another; what offcpu_named says */
/* TASK_DEAD and the other states: include/linux/sched.h */
#define OFFCPU_DEAD 0x80
#define OFFCPU_S 0x01
#define OFFCPU_D 0x02
#define OFFCPU_T 0x04
#define OFFCPU_TRACED 0x08
#define OFFCPU_PARKED 0x40
#define OFFCPU_NOLOAD 0x400

struct offcpu_key {
    u32 pid;
    u32 state;
    s32 kernel; /* ids of stacks, or what ebtop.h says for none */
    s32 user;
};

struct offcpu_value {
    u64 sleeps;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct offcpu_start {
    u64 ns;
    struct offcpu_key key;
};

struct offcpu_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 state;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct offcpu_key, struct offcpu_value, offcpu_rows, OFFCPU_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, offcpu_latency, OFFCPU_STATES);
BPF_HASH(offcpu_starts, u64, struct offcpu_start, OFFCPU_STARTS);
EBTOP_STACKS(offcpu, OFFCPU_STACKS);
EBTOP_WORST(offcpu, struct offcpu_example);
EBTOP_COUNTERS(struct ebtop_totals, offcpu_totals, 1);

/* The state as a number below OFFCPU_STATES; words are in offcpu.py. */
static __always_inline u32 offcpu_named(u64 state) {
    if (state & OFFCPU_S)
        return 1;
    if (state & OFFCPU_D)
        return state & OFFCPU_NOLOAD ? 3 : 2;
    if (state & OFFCPU_T)
        return 4;
    if (state & OFFCPU_TRACED)
        return 5;
    return state & OFFCPU_PARKED ? 6 : 0;
}

static __always_inline s32 offcpu_stack(struct bpf_raw_tracepoint_args *ctx, u64 flags, struct ebtop_totals *totals) {
    s64 id = offcpu_stacks.get_stackid(ctx, flags);
    if (id != EBTOP_NO_ROOM)
        return ebtop_stack(id, 0, totals);
    return ebtop_stack(offcpu_spare.get_stackid(ctx, flags), EBTOP_SPARE, totals);
}

/* The thread that is switched away from, and so is the current one, goes to sleep. */
static __always_inline void offcpu_begin(struct bpf_raw_tracepoint_args *ctx, u64 address, u64 state,
                                         struct ebtop_totals *totals) {
    u32 pid = bpf_get_current_pid_tgid() >> 32, flags = 0;
    struct offcpu_start fresh = {.key = {.pid = pid, .state = offcpu_named(state)}};
    if (!pid || ebtop_is_left_out(pid))
        return;
    bpf_probe_read_kernel(&flags, sizeof(flags), &((struct task_struct *)address)->flags);
    fresh.key.kernel = offcpu_stack(ctx, 0, totals);
    fresh.key.user = EBTOP_NO_STACK;
    if (!(flags & EBTOP_KTHREAD)) {
        if (offcpu_short.lookup(&pid))
            fresh.key.user = ebtop_stack(offcpu_leaves.get_stackid(ctx, BPF_F_USER_STACK), EBTOP_LEAF, totals);
        else
            fresh.key.user = offcpu_stack(ctx, BPF_F_USER_STACK, totals);
        if (fresh.key.user == EBTOP_NO_STACK)
            fresh.key.user = EBTOP_EFAULT;
    }
    fresh.ns = bpf_ktime_get_ns();
    struct offcpu_start *start = offcpu_starts.lookup(&address);
    if (start)
        *start = fresh;
    else if (offcpu_starts.update(&address, &fresh)) /* it is full: the sleep will have no start */
        totals->unmatched++;
}

static __always_inline struct offcpu_value *offcpu_row(struct task_struct *task, struct offcpu_key *key) {
    struct offcpu_value *row = offcpu_rows.lookup(key);
    if (row)
        return row;
    struct offcpu_value empty = {};
    bpf_probe_read_kernel(&empty.comm, sizeof(empty.comm), &task->comm);
    offcpu_rows.insert(key, &empty); /* never over what another CPU has just made */
    return offcpu_rows.lookup(key);
}

static __always_inline void offcpu_keep(struct task_struct *task, u32 cpu, struct offcpu_key *key, u64 bucket, u64 ns) {
    u32 only = 0;
    u64 *running = offcpu_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct offcpu_example *worst = offcpu_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = key->pid;
    worst->state = key->state;
    bpf_probe_read_kernel(worst->comm, sizeof(worst->comm), &task->comm);
    ebtop_kept(worst, epoch);
}

static __always_inline void offcpu_end(struct task_struct *task, u32 cpu, struct ebtop_totals *totals) {
    u64 address = (u64)task, ns;
    struct offcpu_start *start = offcpu_starts.lookup(&address);
    if (!start || !start->ns)
        return;
    struct offcpu_key key = start->key;
    ns = ebtop_elapsed(start->ns, bpf_ktime_get_ns());
    start->ns = 0;
    if (ebtop_is_left_out(key.pid))
        return;
    totals->total++;
    u32 index = ebtop_bank(OFFCPU_STATES) + (key.state & (OFFCPU_STATES - 1));
    struct ebtop_histogram *latency = offcpu_latency.lookup(&index);
    if (latency)
        offcpu_keep(task, cpu, &key, ebtop_observe(latency, ns), ns);
    struct offcpu_value *row = offcpu_row(task, &key);
    if (!row) {
        totals->drops++;
        return;
    }
    ebtop_add(&row->sleeps, 1);
    ebtop_add(&row->ns, ns);
    if (ns > row->max_ns)
        row->max_ns = ns;
}

int offcpu_switch(struct bpf_raw_tracepoint_args *ctx) { /* (preempt, prev, next) */
    u32 cpu = bpf_get_smp_processor_id();
    u64 prev = ctx->args[1], state = EBTOP_STATE((struct task_struct *)prev);
    struct ebtop_totals *totals = offcpu_totals.lookup(&cpu);
    if (!totals)
        return 0;
    if (state & OFFCPU_DEAD)
        offcpu_starts.delete(&prev);
    else if (state && !ctx->args[0]) /* a thread that is preempted on its way to sleep still runs */
        offcpu_begin(ctx, prev, state, totals);
    offcpu_end((struct task_struct *)ctx->args[2], cpu, totals);
    return 0;
}
