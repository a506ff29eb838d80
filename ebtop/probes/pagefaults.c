/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* pagefaults: whose memory accesses the kernel had to step in for. Ways: 0 raw tracepoints and 1 tracepoints where a fault
 * begins, beside the software event of the major ones, those that wait for a disk; 2 the software events of minor and
 * major faults, which count a fault when it has been dealt with. */

#ifndef PAGEFAULTS_ROWS
#define PAGEFAULTS_ROWS 10240
#endif

struct pagefaults_key {
    u32 pid;
};
struct pagefaults_row {
    u64 faults;
    u64 kernel; /* of them, by the kernel, which was asked to copy something */
    u64 major;
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct pagefaults_key, struct pagefaults_row, pagefaults_rows, PAGEFAULTS_ROWS);
EBTOP_COUNTERS(struct ebtop_totals, pagefaults_totals, 1);

static __always_inline struct pagefaults_row *pagefaults_row(u32 pid) {
    struct pagefaults_key key = {.pid = pid};
    struct pagefaults_row *row = pagefaults_rows.lookup(&key);
    if (row)
        return row;
    struct pagefaults_row empty = {};
    bpf_get_current_comm(empty.comm, sizeof(empty.comm));
    pagefaults_rows.update(&key, &empty);
    return pagefaults_rows.lookup(&key);
}

/* One fault; an interrupt or NMI that faults on the kernel's own addresses may come in between. */
static __always_inline int pagefaults_count(u32 kernel, u32 major) {
    u32 bank = ebtop_bank(1), pid = bpf_get_current_pid_tgid() >> 32;
    struct ebtop_totals *totals = pagefaults_totals.lookup(&bank);
    struct pagefaults_row *row;
    if (!totals || ebtop_is_left_out(pid))
        return 0;
    ebtop_add(&totals->total, 1);
    row = pagefaults_row(pid);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return 0;
    }
    ebtop_add(&row->faults, 1);
    if (kernel)
        ebtop_add(&row->kernel, 1);
    if (major)
        ebtop_add(&row->major, 1);
    return 0;
}

#if PAGEFAULTS_WAY < 2
int pagefaults_user(void *ctx) {
    return pagefaults_count(0, 0);
}

int pagefaults_kernel(void *ctx) {
    return pagefaults_count(1, 0);
}

int pagefaults_major(void *ctx) { /* it was counted when it began, unless ebtop began in between */
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    struct pagefaults_key key = {.pid = pid};
    struct pagefaults_row *row = pagefaults_rows.lookup(&key);
    if (row && !ebtop_is_left_out(pid))
        ebtop_add(&row->major, 1);
    return 0;
}
#else
#include <uapi/linux/bpf_perf_event.h>

/* Addresses of the kernel have the highest bit set. */
static __always_inline u32 pagefaults_in_kernel(struct bpf_perf_event_data *ctx) {
    return PT_REGS_IP(&ctx->regs) >> 63;
}

int pagefaults_minor_event(struct bpf_perf_event_data *ctx) {
    return pagefaults_count(pagefaults_in_kernel(ctx), 0);
}

int pagefaults_major_event(struct bpf_perf_event_data *ctx) {
    return pagefaults_count(pagefaults_in_kernel(ctx), 1);
}
#endif
