/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Interrupt handlers: how often each runs and how long, from irq_handler_entry to irq_handler_exit. Where devices share a
 * line, each one's handler is asked: those that say "not mine" are counted as unhandled too.
 *
 * The start lies in one slot per CPU: a handler runs with interrupts off, so none begins before the one before it ended.
 * Rows are told apart by line and name; both are the device's, not a process's, so nobody is left out. */
#ifndef HARDIRQS_ROWS
#define HARDIRQS_ROWS 512
#endif
#define HARDIRQS_NAME 32
#define HARDIRQS_NONE 0 /* IRQ_NONE, include/linux/irqreturn.h */

struct hardirqs_key {
    u32 irq;
    char name[HARDIRQS_NAME];
};

struct hardirqs_row { /* begins as struct ebtop_histogram */
    u64 slots[EBTOP_BUCKETS];
    u64 sum;
    u64 max_value;
    u64 interrupts;
    u64 unhandled;
};

struct hardirqs_slot {
    u64 ns; /* 0: no handler runs */
    u64 rest[7];
};

BPF_TABLE("percpu_hash", struct hardirqs_key, struct hardirqs_row, hardirqs_rows, HARDIRQS_ROWS);
BPF_ARRAY(hardirqs_empty, struct hardirqs_row, 1);
BPF_ARRAY(hardirqs_slots, struct hardirqs_slot, EBTOP_CPUS);
EBTOP_COUNTERS(struct ebtop_totals, hardirqs_totals, 1);

int hardirqs_enter(struct bpf_raw_tracepoint_args *ctx) { /* (irq, action) */
    u32 cpu = bpf_get_smp_processor_id();
    struct hardirqs_slot *slot = hardirqs_slots.lookup(&cpu);
    if (slot)
        slot->ns = bpf_ktime_get_ns();
    return 0;
}

int hardirqs_exit(struct bpf_raw_tracepoint_args *ctx) { /* (irq, action, ret) */
    struct irqaction *action = (struct irqaction *)ctx->args[1];
    u32 cpu = bpf_get_smp_processor_id(), only = 0;
    struct ebtop_totals *totals = hardirqs_totals.lookup(&cpu);
    struct hardirqs_slot *slot = hardirqs_slots.lookup(&cpu);
    struct hardirqs_row *empty = hardirqs_empty.lookup(&only), *row;
    struct hardirqs_key key = {.irq = ctx->args[0]};
    const char *name = 0;
    if (!totals || !slot || !empty)
        return 0;
    if (!slot->ns) {
        totals->unmatched++;
        return 0;
    }
    u64 ns = ebtop_elapsed(slot->ns, bpf_ktime_get_ns());
    slot->ns = 0;
    totals->total++;
    bpf_probe_read_kernel(&name, sizeof(name), &action->name);
    bpf_probe_read_kernel_str(key.name, sizeof(key.name), name);
    row = hardirqs_rows.lookup_or_try_init(&key, empty);
    if (!row) {
        totals->drops++;
        return 0;
    }
    ebtop_observe((struct ebtop_histogram *)row, ns);
    row->interrupts++;
    row->unhandled += (u32)ctx->args[2] == HARDIRQS_NONE;
    return 0;
}
