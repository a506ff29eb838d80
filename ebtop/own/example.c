/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Tasks made by fork(2) and clone(2), counted for the process that makes them, when the scheduler learns of them. */

#ifndef EXAMPLE_ROWS
#define EXAMPLE_ROWS 8192
#endif

struct example_key {
    u32 pid; /* of the process that makes them */
};

struct example_value {
    u64 processes; /* counters only grow: what is shown per second is the difference of two looks */
    u64 threads;
    char comm[EBTOP_COMM]; /* names the row once the process is gone */
};

BPF_TABLE("hash", struct example_key, struct example_value, example_rows, EXAMPLE_ROWS);
EBTOP_COUNTERS(struct ebtop_totals, example_totals, 1); /* the books: total events, drops that found no room, ... */

int example_made(struct bpf_raw_tracepoint_args *ctx) { /* (parent, child); the parent is current */
    struct task_struct *child = (void *)ctx->args[1];
    u32 bank = ebtop_bank(1), pid = 0, tgid = 0;
    struct ebtop_totals *totals = example_totals.lookup(&bank);
    struct example_key key = {.pid = bpf_get_current_pid_tgid() >> 32};
    struct example_value zero = {}, *row;
    if (!totals || ebtop_is_left_out(key.pid)) /* ebtop itself, and what a target leaves out */
        return 0;
    totals->total++;
    bpf_get_current_comm(zero.comm, sizeof(zero.comm));
    row = example_rows.lookup_or_try_init(&key, &zero);
    if (!row) {
        totals->drops++;
        return 0;
    }
    bpf_probe_read_kernel(&pid, sizeof(pid), &child->pid);
    bpf_probe_read_kernel(&tgid, sizeof(tgid), &child->tgid);
    ebtop_add(&row->processes, pid == tgid);
    ebtop_add(&row->threads, pid != tgid);
    return 0;
}
