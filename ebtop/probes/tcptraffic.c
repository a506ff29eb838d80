/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tcptraffic: bytes that processes gave to TCP sockets and took from them, between two ends. Ways: 0 sock_send_length and
 * sock_recv_length, at the return of every call that sends or receives; 1 fexit, 2 kprobes of TCP itself. */
#ifndef TCPTRAFFIC_ROWS
#define TCPTRAFFIC_ROWS 16384
#endif

struct tcptraffic_key {
    u32 pid;
    struct ebtop_address local;
    struct ebtop_address remote;
};
struct tcptraffic_row {
    u64 calls;
    u64 bytes;
    u64 tx_bytes;
    u64 rx_bytes;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct tcptraffic_key, struct tcptraffic_row, tcptraffic_rows, TCPTRAFFIC_ROWS);
EBTOP_COUNTERS(struct ebtop_totals, tcptraffic_totals, 1);

static __always_inline struct tcptraffic_row *tcptraffic_row_of(struct tcptraffic_key *key) {
    struct tcptraffic_row zero = {}, *row = tcptraffic_rows.lookup(key);
    if (row)
        return row;
    bpf_get_current_comm(zero.comm, sizeof(zero.comm));
    return tcptraffic_rows.lookup_or_try_init(key, &zero);
}

static __always_inline int tcptraffic_count(struct sock *sk, int sent, s64 bytes) {
    u32 bank = ebtop_bank(1);
    struct ebtop_totals *totals = tcptraffic_totals.lookup(&bank);
    struct tcptraffic_key key = {.pid = bpf_get_current_pid_tgid() >> 32};
    struct tcptraffic_row *row;
    u16 protocol = 0;
    if (!totals || bytes <= 0)
        return 0;
    bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
    if ((protocol != EBTOP_TCP && protocol != EBTOP_MPTCP) || ebtop_is_left_out(key.pid))
        return 0;
    EBTOP_LOCAL(&key.local, sk);
    EBTOP_REMOTE(&key.remote, sk);
    ebtop_keep_service(&key.local, &key.remote);
    ebtop_add(&totals->total, 1);
    row = tcptraffic_row_of(&key);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return 0;
    }
    ebtop_add(&row->calls, 1);
    ebtop_add(&row->bytes, bytes);
    ebtop_add(sent ? &row->tx_bytes : &row->rx_bytes, bytes); /* adding 0 would be an instruction that 5.10 refuses */
    return 0;
}

#if TCPTRAFFIC_WAY == 0
int tcptraffic_sent(struct bpf_raw_tracepoint_args *ctx) { /* (sk, ret, flags) */
    return tcptraffic_count((struct sock *)ctx->args[0], 1, (int)ctx->args[1]);
}

int tcptraffic_received(struct bpf_raw_tracepoint_args *ctx) {
    if (ctx->args[2] & EBTOP_PEEK)
        return 0;
    return tcptraffic_count((struct sock *)ctx->args[0], 0, (int)ctx->args[1]);
}
#endif

#if TCPTRAFFIC_WAY == 1
int tcptraffic_sent(u64 *ctx) { /* (sk, msg, size) -> bytes or error */
    return tcptraffic_count((struct sock *)ctx[0], 1, (int)EBTOP_RETURNED(ctx, 3));
}

int tcptraffic_received(u64 *ctx) {
    if (ctx[EBTOP_RECEIVE_FLAGS] & EBTOP_PEEK)
        return 0;
    return tcptraffic_count((struct sock *)ctx[0], 0, (int)EBTOP_RETURNED(ctx, EBTOP_RECEIVE_ARGUMENTS));
}
#endif

#if TCPTRAFFIC_WAY == 2
#include <uapi/linux/ptrace.h>

int tcptraffic_sent(struct pt_regs *ctx) {
    return tcptraffic_count((struct sock *)PT_REGS_PARM1(ctx), 1, PT_REGS_PARM3(ctx));
}

int tcptraffic_received(struct pt_regs *ctx) {
    return tcptraffic_count((struct sock *)PT_REGS_PARM1(ctx), 0, (int)PT_REGS_PARM2(ctx)); /* (sk, copied) */
}
#endif
