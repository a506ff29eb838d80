/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tcpaccept: TCP connections that a process took from a listening socket, counted as accept(2), accept4(2) or, in the
 * ways 0 and 1, io_uring return one. The backlog is the listener's own: connections that still wait at that moment, and
 * how many may. Ways: 0 fexit, 1 kprobe and kretprobe of inet_csk_accept, 2 the two system calls' tracepoints, which
 * follow the file descriptors to the sockets. */

#ifndef TCPACCEPT_ROWS
#define TCPACCEPT_ROWS 8192
#endif
#define TCPACCEPT_THREADS 8192
#define TCPACCEPT_PAGES 16

struct tcpaccept_key {
    u32 pid;
    struct ebtop_address local;
    struct ebtop_address remote; /* port 0: a row for each peer, not for each connection */
};
struct tcpaccept_row {
    u64 accepts;
    u64 backlog;
    u64 backlog_limit;
    u64 max_backlog;
    char comm[EBTOP_COMM];
};
struct tcpaccept_event {
    u64 ns;
    u32 pid;
    struct ebtop_address remote;
    struct ebtop_address local;
    u32 backlog;
    u32 backlog_limit;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct tcpaccept_key, struct tcpaccept_row, tcpaccept_rows, TCPACCEPT_ROWS);
BPF_TABLE("lru_hash", u32, u64, tcpaccept_listeners, TCPACCEPT_THREADS); /* by thread, while it is in the call */
BPF_RINGBUF_OUTPUT(tcpaccept_events, TCPACCEPT_PAGES);
BPF_ARRAY(tcpaccept_record, struct tcpaccept_event, 1);
EBTOP_COUNTERS(struct ebtop_totals, tcpaccept_totals, 1);

static __always_inline void tcpaccept_row_add(struct tcpaccept_event *event, struct ebtop_totals *totals) {
    struct tcpaccept_key key = {.pid = event->pid, .local = event->local, .remote = event->remote};
    struct tcpaccept_row zero = {}, *row;
    key.remote.port = 0;
    __builtin_memcpy(zero.comm, event->comm, sizeof(zero.comm));
    row = tcpaccept_rows.lookup_or_try_init(&key, &zero);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return;
    }
    ebtop_add(&row->accepts, 1);
    row->backlog = event->backlog;
    row->backlog_limit = event->backlog_limit;
    if (event->backlog > row->max_backlog)
        row->max_backlog = event->backlog;
}

static __always_inline int tcpaccept_count(struct sock *sk, struct sock *listener) {
    u32 bank = ebtop_bank(1);
    struct ebtop_totals *totals = tcpaccept_totals.lookup(&bank);
    struct tcpaccept_event event;
    u16 protocol = 0;
    u8 state = 0;
    __builtin_memset(&event, 0, sizeof(event)); /* with its padding: all of it is copied out */
    event.ns = bpf_ktime_get_ns();
    event.pid = bpf_get_current_pid_tgid() >> 32;
    if (!sk || !totals || ebtop_is_left_out(event.pid))
        return 0;
    bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
    if (protocol != EBTOP_TCP && protocol != EBTOP_MPTCP)
        return 0;
    EBTOP_REMOTE(&event.remote, sk);
    EBTOP_LOCAL(&event.local, sk);
    bpf_get_current_comm(event.comm, sizeof(event.comm));
    bpf_probe_read_kernel(&state, sizeof(state), &listener->__sk_common.skc_state);
    if (state == EBTOP_TCP_LISTEN) {
        bpf_probe_read_kernel(&event.backlog, sizeof(event.backlog), &listener->sk_ack_backlog);
        bpf_probe_read_kernel(&event.backlog_limit, sizeof(event.backlog_limit), &listener->sk_max_ack_backlog);
    } else { /* closed meanwhile, or the call began before ebtop did */
        ebtop_add(&totals->unmatched, 1);
    }
    ebtop_add(&totals->total, 1);
    tcpaccept_row_add(&event, totals);
    if (tcpaccept_events.ringbuf_output(&event, sizeof(event), 0))
        ebtop_add(&totals->lost, 1);
    return 0;
}

#if TCPACCEPT_WAY == 0
int tcpaccept_fexit(u64 *ctx) { /* (listener, …) -> accepted socket or NULL */
    /* after (struct sock *, int flags, int *err, bool kern): those of the kernels that have no helper for it */
    return tcpaccept_count((struct sock *)EBTOP_RETURNED(ctx, 4), (struct sock *)ctx[0]);
}
#else
static __always_inline void tcpaccept_enter(u64 listener) {
    u64 task = bpf_get_current_pid_tgid();
    u32 thread = task;
    if (!ebtop_is_left_out(task >> 32))
        tcpaccept_listeners.update(&thread, &listener);
}

static __always_inline int tcpaccept_exit(struct sock *sk) {
    u32 thread = bpf_get_current_pid_tgid();
    u64 *listener = tcpaccept_listeners.lookup(&thread);
    tcpaccept_count(sk, listener ? (struct sock *)*listener : 0);
    if (listener)
        tcpaccept_listeners.delete(&thread);
    return 0;
}
#endif

#if TCPACCEPT_WAY == 1
#include <uapi/linux/ptrace.h>

int tcpaccept_kprobe(struct pt_regs *ctx) {
    tcpaccept_enter(PT_REGS_PARM1(ctx));
    return 0;
}

int tcpaccept_kretprobe(struct pt_regs *ctx) {
    return tcpaccept_exit((struct sock *)PT_REGS_RC(ctx));
}
#endif

#if TCPACCEPT_WAY == 2
static __always_inline struct sock *tcpaccept_socket(u32 fd) {
    struct sock *sk = 0;
    EBTOP_DESCRIPTOR(sk, fd);
    return sk;
}

int tcpaccept_sys_enter(struct ebtop_enter *ctx) { /* (descriptor, …) */
    tcpaccept_enter((u64)tcpaccept_socket(ctx->args[0]));
    return 0;
}

int tcpaccept_sys_exit(struct ebtop_exit *ctx) {
    return tcpaccept_exit(ctx->ret < 0 ? 0 : tcpaccept_socket(ctx->ret));
}
#endif
