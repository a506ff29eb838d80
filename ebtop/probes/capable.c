/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Checks whether the current process has a capability, where the kernel decides that: cap_capable(credentials, namespace,
 * capability, options), security/commoncap.c. Its tracepoint (since Linux 6.14) tells (credentials, namespace, the namespace
 * in which it was found, capability, result). */
#ifndef CAPABLE_ROWS
#define CAPABLE_ROWS 16384
#endif
#define CAPABLE_NOT_KNOWN 2

struct capable_key {
    u32 pid;
    u16 cap;
    u16 result; /* 0 granted, 1 refused */
};

struct capable_value {
    u64 checks;
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct capable_key, struct capable_value, capable_rows, CAPABLE_ROWS);
EBTOP_COUNTERS(struct ebtop_totals, capable_totals, 1);

static __always_inline int capable_count(u64 cap, u64 result) {
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = capable_totals.lookup(&cpu);
    struct capable_key key = {.pid = bpf_get_current_pid_tgid() >> 32, .cap = cap, .result = result};
    if (!totals || ebtop_is_left_out(key.pid))
        return 0;
    totals->total++;
    struct capable_value *row = capable_rows.lookup(&key);
    if (!row) {
        struct capable_value empty = {};
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        capable_rows.update(&key, &empty);
        row = capable_rows.lookup(&key);
    }
    if (row)
        row->checks++;
    else
        totals->drops++;
    return 0;
}

#if CAPABLE_WAY == 0
int capable_raw(struct bpf_raw_tracepoint_args *ctx) {
    return capable_count(ctx->args[3], (u32)ctx->args[4] != 0);
}
#elif CAPABLE_WAY == 1
int capable_fexit(u64 *ctx) { /* the four arguments, then what it returned */
    return capable_count(ctx[2], (u32)ctx[4] != 0);
}
#else
#include <uapi/linux/ptrace.h>

int capable_kprobe(struct pt_regs *ctx) {
    return capable_count(PT_REGS_PARM3(ctx), CAPABLE_NOT_KNOWN);
}
#endif
