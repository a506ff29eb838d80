/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* System calls by process and number: calls, failures, and the time from sys_enter to sys_exit.
 *
 * The start of a call lies in one slot per CPU, not in a hash: nearly every call ends where it began with nothing in
 * between. Only when the scheduler takes a thread off its CPU in mid-call does its start move to a hash by task, and the
 * slot is emptied: what is in a slot is always the running thread's open call. The task's address names the thread, as
 * execve by another than the leader changes the thread's id in mid-call. exit and exit_group never return: they are
 * counted as they begin, and leave no start. Way 1 only counts calls, as they begin. */
#define SYSCALLS_NUMBERS 512 /* the last stands for all above: no program can fill the map with made-up numbers */
#ifndef SYSCALLS_ROWS
#define SYSCALLS_ROWS 16384
#endif
#define SYSCALLS_STARTS 32768 /* threads that live and have slept in a system call */

struct syscalls_key {
    u32 pid;
    u32 nr;
};

struct syscalls_value {
    u64 calls;
    u64 errors;
    u64 ns;
    char comm[EBTOP_COMM];
};

struct syscalls_start {
    u64 ns; /* 0: no call is open */
    u64 nr;
};

struct syscalls_slot {
    struct syscalls_start start;
    u64 rest[6]; /* a cache line for each CPU */
};

struct syscalls_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 nr;
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct syscalls_key, struct syscalls_value, syscalls_calls, SYSCALLS_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, syscalls_latency, SYSCALLS_NUMBERS);
EBTOP_WORST(syscalls, struct syscalls_example);
EBTOP_COUNTERS(struct ebtop_totals, syscalls_totals, 1);
BPF_ARRAY(syscalls_slots, struct syscalls_slot, EBTOP_CPUS);
BPF_HASH(syscalls_starts, u64, struct syscalls_start, SYSCALLS_STARTS);

static __always_inline struct syscalls_value *syscalls_row(u32 nr, struct ebtop_totals *totals) {
    struct syscalls_key key = {.pid = bpf_get_current_pid_tgid() >> 32, .nr = nr};
    if (ebtop_is_left_out(key.pid))
        return 0;
    totals->total++;
    struct syscalls_value *row = syscalls_calls.lookup(&key);
    if (row)
        return row;
    struct syscalls_value empty = {};
    bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
    syscalls_calls.update(&key, &empty);
    row = syscalls_calls.lookup(&key);
    if (!row)
        totals->drops++;
    return row;
}

int syscalls_enter(struct bpf_raw_tracepoint_args *ctx) {
    u32 cpu = bpf_get_smp_processor_id();
    u64 number = ctx->args[1];
    u32 nr = number < SYSCALLS_NUMBERS ? number : SYSCALLS_NUMBERS - 1;
    if (SYSCALLS_WAY == 1 || nr == EBTOP_NR_exit || nr == EBTOP_NR_exit_group) {
        struct ebtop_totals *totals = syscalls_totals.lookup(&cpu);
        struct syscalls_value *row = totals ? syscalls_row(nr, totals) : 0;
        if (row)
            row->calls++;
        return 0;
    }
    struct syscalls_slot *slot = syscalls_slots.lookup(&cpu);
    if (slot) {
        slot->start.nr = nr;
        slot->start.ns = bpf_ktime_get_ns();
    }
    return 0;
}

#if SYSCALLS_WAY == 0
static __always_inline void syscalls_keep(u32 cpu, u64 bucket, u64 ns, u32 nr) {
    u32 only = 0;
    u64 *running = syscalls_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct syscalls_example *worst = syscalls_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = bpf_get_current_pid_tgid() >> 32;
    worst->nr = nr;
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

int syscalls_exit(struct bpf_raw_tracepoint_args *ctx) {
    u64 now = bpf_ktime_get_ns();
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = syscalls_totals.lookup(&cpu);
    struct syscalls_slot *slot = syscalls_slots.lookup(&cpu);
    if (!totals || !slot)
        return 0;
    struct syscalls_start *start = &slot->start;
    if (!start->ns) {
        u64 task = bpf_get_current_task();
        start = syscalls_starts.lookup(&task);
    }
    if (!start || !start->ns) {
        /* in mid-call when we came, refused by seccomp, or a new thread that returns from its parent's clone */
        totals->unmatched += !ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32);
        return 0;
    }
    u32 nr = start->nr;
    u64 ns = ebtop_elapsed(start->ns, now);
    start->ns = 0;
    struct syscalls_value *row = syscalls_row(nr, totals);
    u32 index = ebtop_bank(SYSCALLS_NUMBERS) + (nr & (SYSCALLS_NUMBERS - 1));
    struct ebtop_histogram *latency = syscalls_latency.lookup(&index);
    if (!row || !latency)
        return 0;
    row->calls++;
    row->ns += ns;
    if (EBTOP_FAILED(ctx->args[1]) && nr != EBTOP_NR_rt_sigreturn)
        row->errors++;
    syscalls_keep(cpu, ebtop_observe(latency, ns), ns, nr);
    return 0;
}

int syscalls_switch(struct bpf_raw_tracepoint_args *ctx) {
    u32 cpu = bpf_get_smp_processor_id();
    u64 task = ctx->args[1];
    struct syscalls_slot *slot = syscalls_slots.lookup(&cpu);
    if (!slot || !slot->start.ns)
        return 0;
    syscalls_starts.update(&task, &slot->start);
    slot->start.ns = 0;
    return 0;
}

int syscalls_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    syscalls_starts.delete(&task);
    return 0;
}
#endif
