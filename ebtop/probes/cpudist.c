/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How long threads run at a time: from the switch to a thread until the switch away from it, on the same CPU. */
#ifndef CPUDIST_ROWS
#define CPUDIST_ROWS 16384
#endif

struct cpudist_key {
    u32 pid;
};

struct cpudist_value {
    u64 runs;
    u64 preempted;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct cpudist_slot {
    u64 ns;      /* when the running thread came; 0: before we did */
    u64 rest[7]; /* a cache line for each CPU */
};

struct cpudist_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 cpu;
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct cpudist_key, struct cpudist_value, cpudist_rows, CPUDIST_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, cpudist_times, 1);
EBTOP_WORST(cpudist, struct cpudist_example);
EBTOP_COUNTERS(struct ebtop_totals, cpudist_totals, 1);
BPF_ARRAY(cpudist_slots, struct cpudist_slot, EBTOP_CPUS);

static __always_inline void cpudist_keep(u32 cpu, u32 pid, u64 bucket, u64 ns) {
    u32 only = 0;
    u64 *running = cpudist_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct cpudist_example *worst = cpudist_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = pid;
    worst->cpu = cpu;
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline struct cpudist_value *cpudist_row(u32 pid, struct ebtop_totals *totals) {
    struct cpudist_key key = {.pid = pid};
    struct cpudist_value *row = cpudist_rows.lookup(&key);
    if (row)
        return row;
    struct cpudist_value empty = {};
    bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
    cpudist_rows.update(&key, &empty);
    row = cpudist_rows.lookup(&key);
    if (!row)
        totals->drops++;
    return row;
}

int cpudist_switch(struct bpf_raw_tracepoint_args *ctx) { /* (preempt, prev, next): prev is the current task */
    u64 now = bpf_ktime_get_ns(), ids = bpf_get_current_pid_tgid();
    u32 cpu = bpf_get_smp_processor_id(), pid = ids >> 32;
    struct ebtop_totals *totals = cpudist_totals.lookup(&cpu);
    struct ebtop_histogram *times = cpudist_times.lookup(&cpu);
    struct cpudist_slot *slot = cpudist_slots.lookup(&cpu);
    if (!totals || !times || !slot)
        return 0;
    u64 began = slot->ns, ns = ebtop_elapsed(began, now);
    slot->ns = now;
    if (!(u32)ids || ebtop_is_left_out(pid)) /* 0: the idle task */
        return 0;
    if (!began) {
        totals->unmatched++;
        return 0;
    }
    totals->total++;
    cpudist_keep(cpu, pid, ebtop_observe(times, ns), ns);
    struct cpudist_value *row = cpudist_row(pid, totals);
    if (!row)
        return 0;
    row->runs++;
    row->preempted += (u8)ctx->args[0] || !EBTOP_STATE((struct task_struct *)ctx->args[1]);
    row->ns += ns;
    if (ns > row->max_ns)
        row->max_ns = ns;
    return 0;
}
