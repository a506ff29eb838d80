/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tcplife: TCP connections from ESTABLISHED to CLOSE (before the time in TIME_WAIT) and what they carried. Its process is
 * the one that connected or accepted; where that was not seen, the one that closed it. A session is kept by the socket's
 * address from the connect or the handshake on and deleted at its end. */
#ifndef TCPLIFE_ROWS
#define TCPLIFE_ROWS 8192
#endif
#define TCPLIFE_SESSIONS 32768
#define TCPLIFE_PAGES 32
#define TCPLIFE_DONE 2 /* 1 << SOCK_DONE, include/net/sock.h: the other end's FIN has come */

struct tcplife_key {
    u32 pid;
    struct ebtop_address local;  /* port 0 where this end connected */
    struct ebtop_address remote; /* port 0 where the other end connected */
};
struct tcplife_row {
    u64 sessions;
    u64 tx_bytes;
    u64 rx_bytes;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};
struct tcplife_session {
    u64 ns; /* 0: not established yet */
    u32 pid;
    u32 connected; /* by this end */
    struct ebtop_address local;
    struct ebtop_address remote;
    char comm[EBTOP_COMM];
};
struct tcplife_event {
    u64 ns;
    u64 duration_ns;
    u64 tx_bytes;
    u64 rx_bytes;
    u32 pid;
    struct ebtop_address local;
    struct ebtop_address remote;
    char comm[EBTOP_COMM];
};
struct tcplife_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    struct ebtop_address local;
    struct ebtop_address remote;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct tcplife_key, struct tcplife_row, tcplife_rows, TCPLIFE_ROWS);
BPF_TABLE("lru_hash", u64, struct tcplife_session, tcplife_sessions, TCPLIFE_SESSIONS);
EBTOP_COUNTERS(struct ebtop_histogram, tcplife_durations, 1);
EBTOP_WORST(tcplife, struct tcplife_example);
EBTOP_EVENTS(tcplife, struct tcplife_event, TCPLIFE_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, tcplife_totals, 1);

static __always_inline void tcplife_keep(u32 cpu, u64 bucket, struct tcplife_event *event) {
    u32 only = 0;
    u64 *running = tcplife_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct tcplife_example *worst = tcplife_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, event->duration_ns))
        return;
    worst->pid = event->pid;
    worst->local = event->local;
    worst->remote = event->remote;
    __builtin_memcpy(worst->comm, event->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline void tcplife_count(struct tcplife_event *event, u32 connected, struct ebtop_totals *totals) {
    struct tcplife_key key = {.pid = event->pid, .local = event->local, .remote = event->remote};
    struct tcplife_row zero = {}, *row;
    if (connected)
        key.local.port = 0;
    else
        key.remote.port = 0;
    __builtin_memcpy(zero.comm, event->comm, sizeof(zero.comm));
    row = tcplife_rows.lookup_or_try_init(&key, &zero);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return;
    }
    ebtop_add(&row->sessions, 1);
    ebtop_add(&row->tx_bytes, event->tx_bytes);
    ebtop_add(&row->rx_bytes, event->rx_bytes);
    ebtop_add(&row->ns, event->duration_ns);
    if (event->duration_ns > row->max_ns)
        row->max_ns = event->duration_ns;
}

/* What was sent is counted once, whatever had to be sent again; a FIN is not data. */
static __always_inline void tcplife_bytes(struct sock *sk, struct tcplife_event *event) {
    struct tcp_sock *tcp = (struct tcp_sock *)sk;
    u64 sent = 0, again = 0, received = 0, flags = 0;
    bpf_probe_read_kernel(&sent, sizeof(sent), &tcp->bytes_sent);
    bpf_probe_read_kernel(&again, sizeof(again), &tcp->bytes_retrans);
    bpf_probe_read_kernel(&received, sizeof(received), &tcp->bytes_received);
    bpf_probe_read_kernel(&flags, sizeof(flags), &sk->__sk_common.skc_flags);
    event->tx_bytes = sent - again;
    event->rx_bytes = received - (received && flags & TCPLIFE_DONE);
}

static __always_inline void tcplife_end(struct sock *sk, struct tcplife_session *session) {
    u32 bank = ebtop_bank(1), only = 0;
    struct ebtop_histogram *durations = tcplife_durations.lookup(&bank);
    struct ebtop_totals *totals = tcplife_totals.lookup(&bank);
    struct tcplife_event event;
    u64 *sent;
    if (!totals || !durations || ebtop_is_left_out(session->pid))
        return;
    __builtin_memset(&event, 0, sizeof(event)); /* with its padding: all of it is copied out */
    event.ns = bpf_ktime_get_ns();
    event.duration_ns = ebtop_elapsed(session->ns, event.ns);
    event.pid = session->pid;
    event.local = session->local;
    event.remote = session->remote;
    __builtin_memcpy(event.comm, session->comm, sizeof(event.comm));
    tcplife_bytes(sk, &event);
    ebtop_add(&totals->total, 1);
    tcplife_count(&event, session->connected, totals);
    tcplife_keep(bank, ebtop_observe_atomic(durations, event.duration_ns), &event);
    sent = tcplife_sent.lookup(&only);
    if (tcplife_events.ringbuf_output(&event, sizeof(event),
                                      ebtop_wake(sent, EBTOP_QUARTER(struct tcplife_event, TCPLIFE_PAGES))))
        ebtop_add(&totals->lost, 1);
}

static __always_inline void tcplife_close(struct sock *sk, u64 socket, struct tcplife_session *session, int was) {
    u32 bank = ebtop_bank(1);
    struct ebtop_totals *totals = tcplife_totals.lookup(&bank);
    u16 protocol = 0;
    if (session) {
        if (session->ns)
            tcplife_end(sk, session);
        tcplife_sessions.delete(&socket);
        return;
    }
    bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
    if (totals && protocol == EBTOP_TCP && was != EBTOP_TCP_SYN_SENT && was != EBTOP_TCP_SYN_RECV &&
        was != EBTOP_TCP_LISTEN)
        ebtop_add(&totals->unmatched, 1);
}

static __always_inline void tcplife_establish(struct sock *sk, u64 socket, struct tcplife_session *session) {
    struct tcplife_session begun;
    u16 protocol = 0;
    bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
    if (protocol != EBTOP_TCP)
        return;
    __builtin_memset(&begun, 0, sizeof(begun));
    if (session) {
        begun.pid = session->pid;
        begun.connected = 1;
        __builtin_memcpy(begun.comm, session->comm, sizeof(begun.comm));
    }
    begun.ns = bpf_ktime_get_ns();
    EBTOP_LOCAL(&begun.local, sk);
    EBTOP_REMOTE(&begun.remote, sk);
    tcplife_sessions.update(&socket, &begun);
}

static __always_inline void tcplife_own(struct tcplife_session *session, u32 pid) {
    if (session->pid || !pid)
        return;
    session->pid = pid;
    bpf_get_current_comm(session->comm, sizeof(session->comm));
}

int tcplife_state(struct bpf_raw_tracepoint_args *ctx) {
    struct sock *sk = (struct sock *)ctx->args[0];
    u64 socket = ctx->args[0];
    int oldstate = ctx->args[1], newstate = ctx->args[2];
    struct tcplife_session *session = tcplife_sessions.lookup(&socket);
    if (newstate == EBTOP_TCP_SYN_SENT) {
        struct tcplife_session asked = {.connected = 1};
        tcplife_own(&asked, EBTOP_HOLDER(sk));
        tcplife_sessions.update(&socket, &asked);
        return 0;
    }
    if (newstate == EBTOP_TCP_ESTABLISHED) {
        tcplife_establish(sk, socket, session);
        return 0;
    }
    if (session && !session->pid)
        tcplife_own(session, EBTOP_HOLDER(sk));
    if (newstate == EBTOP_TCP_CLOSE)
        tcplife_close(sk, socket, session, oldstate);
    return 0;
}

int tcplife_accept(struct ebtop_exit *ctx) {
    struct sock *sk = 0;
    struct tcplife_session *session;
    u64 socket;
    if (ctx->ret < 0)
        return 0;
    EBTOP_DESCRIPTOR(sk, ctx->ret);
    socket = (u64)sk;
    session = tcplife_sessions.lookup(&socket);
    if (session)
        tcplife_own(session, bpf_get_current_pid_tgid() >> 32);
    return 0;
}
