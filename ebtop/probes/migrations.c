/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Threads that the scheduler gives to another CPU: whose, and from which to which. */
#ifndef MIGRATIONS_ROWS
#define MIGRATIONS_ROWS 16384
#endif

struct migrations_key {
    u32 pid;
};

struct migrations_value {
    u64 migrations;
    char comm[EBTOP_COMM];
};

struct migrations_cpu {
    u32 cpu;
};

struct migrations_moves {
    u64 arrivals;
    u64 departures;
};

BPF_TABLE("hash", struct migrations_key, struct migrations_value, migrations_rows, MIGRATIONS_ROWS);
BPF_TABLE("hash", struct migrations_cpu, struct migrations_moves, migrations_cpus, EBTOP_CPUS);
EBTOP_COUNTERS(struct ebtop_totals, migrations_totals, 1);

static __always_inline void migrations_move(u32 from, u32 to) {
    struct migrations_cpu source = {.cpu = from}, target = {.cpu = to};
    struct migrations_moves none = {};
    struct migrations_moves *left = migrations_cpus.lookup_or_try_init(&source, &none);
    if (left)
        ebtop_add(&left->departures, 1);
    struct migrations_moves *reached = migrations_cpus.lookup_or_try_init(&target, &none);
    if (reached)
        ebtop_add(&reached->arrivals, 1);
}

int migrations_migrate(struct bpf_raw_tracepoint_args *ctx) { /* (task, CPU it goes to) */
    struct task_struct *task = (void *)ctx->args[0];
    u32 cpu = bpf_get_smp_processor_id(), from = 0;
    struct ebtop_totals *totals = migrations_totals.lookup(&cpu);
    struct migrations_key key = {};
    bpf_probe_read_kernel(&key.pid, sizeof(key.pid), &task->tgid);
    if (!totals || ebtop_is_left_out(key.pid))
        return 0;
    ebtop_add(&totals->total, 1);
#if EBTOP_KERNEL < KERNEL_VERSION(5, 16, 0) && !defined(HAS_task_struct_thread_info_cpu)
    bpf_probe_read_kernel(&from, sizeof(from), &task->cpu);
#else
    bpf_probe_read_kernel(&from, sizeof(from), &task->thread_info.cpu);
#endif
    migrations_move(from, ctx->args[1]);
    struct migrations_value *row = migrations_rows.lookup(&key), empty = {};
    if (!row) {
        bpf_probe_read_kernel(&empty.comm, sizeof(empty.comm), &task->comm);
        row = migrations_rows.lookup_or_try_init(&key, &empty);
    }
    if (row)
        ebtop_add(&row->migrations, 1);
    else
        ebtop_add(&totals->drops, 1);
    return 0;
}
