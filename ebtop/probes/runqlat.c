/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How long threads that could run wait for a CPU: from the wake-up, or from the moment they were taken off a CPU while
 * they still wanted it, until the scheduler switches to them.
 *
 * A thread keeps its slot, by the address of its task, for as long as it lives, with 0 for "does not wait": a store where
 * a delete would take the lock of a bucket at each switch. A thread that is woken while it is still on a CPU does not
 * wait. The last switch away from a thread that is dead gives its slot back. */
#ifndef RUNQLAT_ROWS
#define RUNQLAT_ROWS 16384
#endif
#define RUNQLAT_STARTS 32768 /* threads */
#define RUNQLAT_DEAD 0x80    /* TASK_DEAD, include/linux/sched.h */

struct runqlat_key {
    u32 pid;
};

struct runqlat_value {
    u64 waits;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct runqlat_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 cpu;
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct runqlat_key, struct runqlat_value, runqlat_rows, RUNQLAT_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, runqlat_latency, 1);
EBTOP_WORST(runqlat, struct runqlat_example);
EBTOP_COUNTERS(struct ebtop_totals, runqlat_totals, 1);
BPF_HASH(runqlat_starts, u64, u64, RUNQLAT_STARTS);

static __always_inline void runqlat_begin(u64 task) {
    u64 now = bpf_ktime_get_ns();
    u64 *start = runqlat_starts.lookup(&task);
    if (start)
        *start = now;
    else
        runqlat_starts.update(&task, &now); /* where it is full, the switch to the task counts it as unmatched */
}

static __always_inline struct runqlat_value *runqlat_row(struct task_struct *task, struct ebtop_totals *totals,
                                                         u32 pid) {
    struct runqlat_key key = {.pid = pid};
    struct runqlat_value *row = runqlat_rows.lookup(&key);
    if (row)
        return row;
    struct runqlat_value empty = {};
    bpf_probe_read_kernel(&empty.comm, sizeof(empty.comm), &task->comm);
    runqlat_rows.update(&key, &empty);
    row = runqlat_rows.lookup(&key);
    if (!row)
        totals->drops++;
    return row;
}

static __always_inline void runqlat_keep(struct task_struct *task, u32 cpu, u32 pid, u64 bucket, u64 ns) {
    u32 only = 0;
    u64 *running = runqlat_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct runqlat_example *worst = runqlat_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = pid;
    worst->cpu = cpu;
    bpf_probe_read_kernel(worst->comm, sizeof(worst->comm), &task->comm);
    ebtop_kept(worst, epoch);
}

static __always_inline void runqlat_end(struct task_struct *task) {
    u64 address = (u64)task, ns = 0;
    u32 cpu = bpf_get_smp_processor_id(), pid = 0;
    struct ebtop_totals *totals = runqlat_totals.lookup(&cpu);
    struct ebtop_histogram *latency = runqlat_latency.lookup(&cpu);
    u64 *start = runqlat_starts.lookup(&address);
    if (start && *start) {
        ns = ebtop_elapsed(*start, bpf_ktime_get_ns());
        *start = 0;
    }
    bpf_probe_read_kernel(&pid, sizeof(pid), &task->tgid);
    if (!pid || !totals || !latency || ebtop_is_left_out(pid)) /* 0: the idle task, which nobody waits for */
        return;
    if (!start || !ns) {
        totals->unmatched++;
        return;
    }
    totals->total++;
    runqlat_keep(task, cpu, pid, ebtop_observe(latency, ns), ns);
    struct runqlat_value *row = runqlat_row(task, totals, pid);
    if (!row)
        return;
    row->waits++;
    row->ns += ns;
    if (ns > row->max_ns)
        row->max_ns = ns;
}

int runqlat_wakeup(struct bpf_raw_tracepoint_args *ctx) {
    struct task_struct *task = (void *)ctx->args[0];
    s32 running = 0;
    bpf_probe_read_kernel(&running, sizeof(running), &task->on_cpu);
    if (!running)
        runqlat_begin((u64)task);
    return 0;
}

int runqlat_switch(struct bpf_raw_tracepoint_args *ctx) { /* (preempt, prev, next) */
    u64 prev = ctx->args[1], state = EBTOP_STATE((struct task_struct *)prev);
    if (state & RUNQLAT_DEAD)
        runqlat_starts.delete(&prev);
    else if ((ctx->args[0] || !state) && (u32)bpf_get_current_pid_tgid())
        runqlat_begin(prev);
    runqlat_end((struct task_struct *)ctx->args[2]);
    return 0;
}
