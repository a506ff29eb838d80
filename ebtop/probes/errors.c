/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* System calls that return an error, by process, call and errno, at their return. The end of a signal handler puts the
 * interrupted code's result into the register: it is no call's, and has no number (restore_sigcontext,
 * arch/x86/kernel/signal_64.c; forget_syscall, arch/arm64/kernel/signal.c). */
#ifndef ERRORS_ROWS
#define ERRORS_ROWS 16384
#endif
#define ERRORS_NUMBERS 512 /* as in syscalls.c */

struct errors_key {
    u32 pid;
    u16 nr;
    u16 errno;
};

struct errors_value {
    u64 errors;
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct errors_key, struct errors_value, errors_rows, ERRORS_ROWS);
EBTOP_COUNTERS(struct ebtop_totals, errors_totals, 1);

static __always_inline struct errors_value *errors_row(struct errors_key *key, struct ebtop_totals *totals) {
    struct errors_value *row = errors_rows.lookup(key);
    if (row)
        return row;
    struct errors_value empty = {};
    bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
    errors_rows.update(key, &empty);
    row = errors_rows.lookup(key);
    if (!row)
        totals->drops++;
    return row;
}

int errors_exit(struct bpf_raw_tracepoint_args *ctx) { /* (regs, ret) */
    u64 ret = ctx->args[1];
    if (!EBTOP_FAILED(ret))
        return 0;
    u32 cpu = bpf_get_smp_processor_id(), nr = ebtop_call((void *)ctx->args[0]);
    struct ebtop_totals *totals = errors_totals.lookup(&cpu);
    struct errors_key key = {.pid = bpf_get_current_pid_tgid() >> 32, .errno = -ret};
    if (!totals || (s32)nr < 0 || ebtop_is_left_out(key.pid))
        return 0;
    key.nr = nr < ERRORS_NUMBERS ? nr : ERRORS_NUMBERS - 1;
    totals->total++;
    struct errors_value *row = errors_row(&key, totals);
    if (row)
        row->errors++;
    return 0;
}
