/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Soft interrupts: how often each vector's handler runs and how long, from softirq_entry to softirq_exit.
 *
 * The start lies in one slot per CPU, as a CPU runs one handler at a time. They belong to no process, whichever they
 * happen to interrupt, so nobody is left out. */
#define SOFTIRQS_VECTORS 10 /* NR_SOFTIRQS, include/linux/interrupt.h */

struct softirqs_row { /* begins as struct ebtop_histogram */
    u64 slots[EBTOP_BUCKETS];
    u64 sum;
    u64 max_value;
    u64 runs;
};

struct softirqs_slot {
    u64 ns; /* 0: no handler runs */
    u64 rest[7];
};

EBTOP_COUNTERS(struct softirqs_row, softirqs_rows, SOFTIRQS_VECTORS);
EBTOP_COUNTERS(struct ebtop_totals, softirqs_totals, 1);
BPF_ARRAY(softirqs_slots, struct softirqs_slot, EBTOP_CPUS);

int softirqs_enter(struct bpf_raw_tracepoint_args *ctx) { /* (vector) */
    u32 cpu = bpf_get_smp_processor_id();
    struct softirqs_slot *slot = softirqs_slots.lookup(&cpu);
    if (slot)
        slot->ns = bpf_ktime_get_ns();
    return 0;
}

int softirqs_exit(struct bpf_raw_tracepoint_args *ctx) {
    u64 now = bpf_ktime_get_ns();
    u32 cpu = bpf_get_smp_processor_id(), vector = ctx->args[0], index = ebtop_bank(SOFTIRQS_VECTORS) + vector;
    struct ebtop_totals *totals = softirqs_totals.lookup(&cpu);
    struct softirqs_slot *slot = softirqs_slots.lookup(&cpu);
    struct softirqs_row *row = softirqs_rows.lookup(&index);
    if (vector >= SOFTIRQS_VECTORS || !totals || !slot || !row)
        return 0;
    if (!slot->ns) {
        totals->unmatched++;
        return 0;
    }
    totals->total++;
    ebtop_observe((struct ebtop_histogram *)row, ebtop_elapsed(slot->ns, now));
    row->runs++;
    slot->ns = 0;
    return 0;
}
