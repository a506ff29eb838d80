/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* New processes and threads (fork, vfork, clone, clone3, and the kernel's own), counted for who made them. */
#ifndef FORKS_ROWS
#define FORKS_ROWS 16384
#endif

struct forks_key {
    u32 pid;
};

struct forks_value {
    u64 clones; /* both */
    u64 processes;
    u64 threads;
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct forks_key, struct forks_value, forks_rows, FORKS_ROWS);
EBTOP_COUNTERS(struct ebtop_totals, forks_totals, 1);

int forks_fork(struct bpf_raw_tracepoint_args *ctx) { /* (parent, child): the parent is the current task */
    struct task_struct *child = (void *)ctx->args[1];
    u32 cpu = bpf_get_smp_processor_id(), pid = 0, tgid = 0;
    struct forks_key key = {.pid = bpf_get_current_pid_tgid() >> 32};
    struct ebtop_totals *totals = forks_totals.lookup(&cpu);
    if (!totals || ebtop_is_left_out(key.pid))
        return 0;
    totals->total++;
    bpf_probe_read_kernel(&pid, sizeof(pid), &child->pid);
    bpf_probe_read_kernel(&tgid, sizeof(tgid), &child->tgid);
    struct forks_value *row = forks_rows.lookup(&key);
    if (!row) {
        struct forks_value empty = {};
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        forks_rows.update(&key, &empty);
        row = forks_rows.lookup(&key);
    }
    if (!row) {
        totals->drops++;
        return 0;
    }
    row->clones++;
    row->processes += pid == tgid;
    row->threads += pid != tgid;
    return 0;
}
