/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Stalls of processes that have to free memory before they get any: from mm_vmscan_X_reclaim_begin to its end, where X is
 * direct (the machine is short of memory), memcg (a control group is at its limit) or node (a NUMA node is short).
 *
 * None of them happens within another. The start lies in a slot per thread that the next start overwrites. */
#ifndef RECLAIM_ROWS
#define RECLAIM_ROWS 4096
#endif
#define RECLAIM_STARTS 32768 /* threads that live and have stalled */
#define RECLAIM_DIRECT 0
#define RECLAIM_MEMCG 1
#define RECLAIM_NODE 2
#define RECLAIM_KINDS 4

struct reclaim_key {
    u32 pid;
    u32 kind;
};

struct reclaim_value {
    u64 stalls;
    u64 fruitless;
    u64 ns;
    u64 max_ns;
    u64 bytes;
    char comm[EBTOP_COMM];
};

struct reclaim_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 kind;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct reclaim_key, struct reclaim_value, reclaim_rows, RECLAIM_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, reclaim_latency, RECLAIM_KINDS);
EBTOP_WORST(reclaim, struct reclaim_example);
EBTOP_COUNTERS(struct ebtop_totals, reclaim_totals, 1);
BPF_HASH(reclaim_starts, u64, u64, RECLAIM_STARTS);

int reclaim_begin(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task(), now = bpf_ktime_get_ns();
    if (!ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        reclaim_starts.update(&task, &now);
    return 0;
}

static __always_inline void reclaim_keep(u32 cpu, u64 bucket, u64 ns, struct reclaim_key *key) {
    u32 only = 0;
    u64 *running = reclaim_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct reclaim_example *worst = reclaim_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = key->pid;
    worst->kind = key->kind;
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline int reclaim_end(u32 kind, u64 pages) {
    u64 task = bpf_get_current_task(), now = bpf_ktime_get_ns();
    u32 cpu = bpf_get_smp_processor_id(), index = cpu * RECLAIM_KINDS + kind;
    struct reclaim_key key = {.pid = bpf_get_current_pid_tgid() >> 32, .kind = kind};
    struct ebtop_totals *totals = reclaim_totals.lookup(&cpu);
    struct ebtop_histogram *latency = reclaim_latency.lookup(&index);
    u64 *start = reclaim_starts.lookup(&task);
    struct reclaim_value empty = {}, *row;
    u64 began = start ? *start : 0, ns = ebtop_elapsed(began, now);
    if (start)
        *start = 0;
    if (!totals || !latency || ebtop_is_left_out(key.pid))
        return 0;
    if (!began) {
        totals->unmatched++;
        return 0;
    }
    totals->total++;
    reclaim_keep(cpu, ebtop_observe(latency, ns), ns, &key);
    row = reclaim_rows.lookup(&key);
    if (!row) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = reclaim_rows.lookup_or_try_init(&key, &empty);
    }
    if (!row) {
        totals->drops++;
        return 0;
    }
    ebtop_add(&row->stalls, 1);
    ebtop_add(&row->fruitless, !pages);
    ebtop_add(&row->ns, ns);
    ebtop_add(&row->bytes, pages << EBTOP_PAGE_SHIFT);
    if (ns > row->max_ns)
        row->max_ns = ns;
    return 0;
}

int reclaim_end_direct(struct bpf_raw_tracepoint_args *ctx) { /* (reclaimed) */
    return reclaim_end(RECLAIM_DIRECT, ctx->args[0]);
}

int reclaim_end_memcg(struct bpf_raw_tracepoint_args *ctx) {
    return reclaim_end(RECLAIM_MEMCG, ctx->args[0]);
}

int reclaim_end_node(struct bpf_raw_tracepoint_args *ctx) {
    return reclaim_end(RECLAIM_NODE, ctx->args[0]);
}

int reclaim_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    reclaim_starts.delete(&task);
    return 0;
}
