/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Work of the kernel's own: how long it waits in its queue (workqueue_queue_work to workqueue_execute_start) and how long it
 * takes (until workqueue_execute_end), by the queue's name and the function.
 *
 * A slot by the work's address is written in place each time the work is queued, also while it still runs: what is queued
 * and what runs are two members. Nobody says when a work is freed, so the least recently used slots go. */
#ifndef WORKQUEUES_ROWS
#define WORKQUEUES_ROWS 2048
#endif
#define WORKQUEUES_SLOTS 16384
#define WORKQUEUES_PARTS 512
#define WORKQUEUES_WAITS 0
#define WORKQUEUES_RUNS 1
#define WORKQUEUES_NAME 32 /* WQ_NAME_LEN, kernel/workqueue.c */

struct workqueues_part {
    u32 stage;
    char queue[WORKQUEUES_NAME];
};

struct workqueues_key {
    u64 function;
    char queue[WORKQUEUES_NAME];
};

struct workqueues_row {
    u64 works;
    u64 delay_ns;
    u64 max_delay_ns;
    u64 runs;
    u64 run_ns;
    u64 max_run_ns;
};

struct workqueues_slot {
    u64 queued;  /* 0: is not in a queue */
    u64 started; /* 0: does not run */
    struct workqueues_key key;
};

BPF_TABLE("percpu_hash", struct workqueues_key, struct workqueues_row, workqueues_rows, WORKQUEUES_ROWS);
BPF_TABLE("percpu_hash", struct workqueues_part, struct ebtop_histogram, workqueues_times, WORKQUEUES_PARTS);
BPF_TABLE("lru_hash", u64, struct workqueues_slot, workqueues_slots, WORKQUEUES_SLOTS);
BPF_ARRAY(workqueues_empty, struct ebtop_histogram, 1);
EBTOP_COUNTERS(struct ebtop_totals, workqueues_totals, 1);

int workqueues_queue(struct bpf_raw_tracepoint_args *ctx) { /* (requested cpu, pwq, work) */
    struct pool_workqueue *pwq = (struct pool_workqueue *)ctx->args[1];
    struct work_struct *work = (struct work_struct *)ctx->args[2];
    struct workqueue_struct *queue = 0;
    struct workqueues_slot new = {.queued = bpf_ktime_get_ns()}, *slot;
    u64 address = ctx->args[2];
    bpf_probe_read_kernel(&queue, sizeof(queue), &pwq->wq);
    bpf_probe_read_kernel(&new.key.function, sizeof(new.key.function), &work->func);
    bpf_probe_read_kernel_str(new.key.queue, sizeof(new.key.queue), queue->name);
    slot = workqueues_slots.lookup(&address);
    if (slot) {
        slot->key = new.key;
        slot->queued = new.queued;
    } else {
        workqueues_slots.update(&address, &new);
    }
    return 0;
}

/* 1 where there is no room for another queue. */
static __always_inline int workqueues_observe(struct workqueues_slot *slot, u32 stage, u64 ns) {
    struct workqueues_part part = {.stage = stage};
    u32 only = 0;
    struct ebtop_histogram *empty = workqueues_empty.lookup(&only), *times;
    __builtin_memcpy(part.queue, slot->key.queue, sizeof(part.queue));
    if (!empty)
        return 1;
    times = workqueues_times.lookup_or_try_init(&part, empty);
    if (times)
        ebtop_observe_atomic(times, ns);
    return !times;
}

int workqueues_start(struct bpf_raw_tracepoint_args *ctx) { /* (work) */
    u64 address = ctx->args[0], now = bpf_ktime_get_ns();
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = workqueues_totals.lookup(&cpu);
    struct workqueues_slot *slot = workqueues_slots.lookup(&address);
    struct workqueues_row zero = {}, *row;
    if (!totals)
        return 0;
    u64 queued = slot ? slot->queued : 0;
    if (slot)
        slot->started = now;
    if (!queued || queued > now) { /* before we came; or queued anew meanwhile, which that start is going to need */
        ebtop_add(&totals->unmatched, 1);
        return 0;
    }
    u64 ns = now - queued;
    slot->queued = 0;
    ebtop_add(&totals->total, 1);
    struct workqueues_key key = slot->key;
    row = workqueues_rows.lookup_or_try_init(&key, &zero);
    if (workqueues_observe(slot, WORKQUEUES_WAITS, ns))
        ebtop_add(&totals->lost, 1);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return 0;
    }
    ebtop_add(&row->works, 1);
    ebtop_add(&row->delay_ns, ns);
    if (ns > row->max_delay_ns)
        row->max_delay_ns = ns;
    return 0;
}

int workqueues_end(struct bpf_raw_tracepoint_args *ctx) { /* (work, function) */
    u64 address = ctx->args[0], now = bpf_ktime_get_ns();
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = workqueues_totals.lookup(&cpu);
    struct workqueues_slot *slot = workqueues_slots.lookup(&address);
    if (!totals || !slot || !slot->started)
        return 0;
    u64 ns = ebtop_elapsed(slot->started, now);
    slot->started = 0;
    if (workqueues_observe(slot, WORKQUEUES_RUNS, ns))
        ebtop_add(&totals->lost, 1);
    struct workqueues_key key = slot->key;
    key.function = ctx->args[1]; /* the work may be another's by now: its memory is its function's to free */
    struct workqueues_row *row = workqueues_rows.lookup(&key);
    if (!row)
        return 0;
    ebtop_add(&row->runs, 1);
    ebtop_add(&row->run_ns, ns);
    if (ns > row->max_run_ns)
        row->max_run_ns = ns;
    return 0;
}
