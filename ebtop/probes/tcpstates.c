/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tcpstates: every change of a TCP socket's state, and how long it was in the one before. That a state is set again (a
 * close in FIN_WAIT1) is no change. The process is the last whose call changed the socket's state (connected, listened,
 * closed), 0 where none was seen. When and by whom is kept by the socket's address until it is closed. */
#ifndef TCPSTATES_ROWS
#define TCPSTATES_ROWS 16384
#endif
#define TCPSTATES_SOCKETS 32768
#define TCPSTATES_PAGES 64
#define TCPSTATES_STATES 16

struct tcpstates_key {
    u32 pid;
    u32 oldstate;
    u32 newstate;
    struct ebtop_address local;
    struct ebtop_address remote;
};
struct tcpstates_row {
    u64 changes;
    u64 timed; /* changes with a known time since the one before */
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};
struct tcpstates_socket {
    u64 ns; /* of the last change */
    u32 pid;
    u32 reserved;
    char comm[EBTOP_COMM];
};
struct tcpstates_event {
    u64 ns;
    u64 in_state_ns; /* 0: unknown */
    u32 pid;
    u32 oldstate;
    u32 newstate;
    struct ebtop_address local;
    struct ebtop_address remote;
    char comm[EBTOP_COMM];
};
struct tcpstates_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 oldstate;
    struct ebtop_address local;
    struct ebtop_address remote;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct tcpstates_key, struct tcpstates_row, tcpstates_rows, TCPSTATES_ROWS);
BPF_TABLE("lru_hash", u64, struct tcpstates_socket, tcpstates_sockets, TCPSTATES_SOCKETS);
EBTOP_COUNTERS(struct ebtop_histogram, tcpstates_times, TCPSTATES_STATES);
EBTOP_WORST(tcpstates, struct tcpstates_example);
EBTOP_EVENTS(tcpstates, struct tcpstates_event, TCPSTATES_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, tcpstates_totals, 1);

static __always_inline void tcpstates_keep(u64 bucket, struct tcpstates_event *event) {
    u32 only = 0;
    u64 *running = tcpstates_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(ebtop_bank(1), epoch, bucket);
    struct tcpstates_example *worst = tcpstates_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, event->in_state_ns))
        return;
    worst->pid = event->pid;
    worst->oldstate = event->oldstate;
    worst->local = event->local;
    worst->remote = event->remote;
    __builtin_memcpy(worst->comm, event->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline void tcpstates_observe(struct tcpstates_event *event) {
    u32 index = ebtop_bank(TCPSTATES_STATES) + event->oldstate;
    struct ebtop_histogram *times = tcpstates_times.lookup(&index);
    if (times && event->oldstate < TCPSTATES_STATES)
        tcpstates_keep(ebtop_observe_atomic(times, event->in_state_ns), event);
}

static __always_inline void tcpstates_row_add(struct tcpstates_event *event, struct ebtop_totals *totals) {
    struct tcpstates_key key = {.pid = event->pid,
                                .oldstate = event->oldstate,
                                .newstate = event->newstate,
                                .local = event->local,
                                .remote = event->remote};
    struct tcpstates_row zero = {}, *row;
    ebtop_keep_service(&key.local, &key.remote);
    __builtin_memcpy(zero.comm, event->comm, sizeof(zero.comm));
    row = tcpstates_rows.lookup_or_try_init(&key, &zero);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return;
    }
    ebtop_add(&row->changes, 1);
    if (!event->in_state_ns)
        return;
    ebtop_add(&row->timed, 1);
    ebtop_add(&row->ns, event->in_state_ns);
    if (event->in_state_ns > row->max_ns)
        row->max_ns = event->in_state_ns;
}

/* Whether the socket was in the old state: a new one for a SYN begins as a copy of the listener. */
static __always_inline int tcpstates_lasted(struct tcpstates_event *event) {
    return event->oldstate != EBTOP_TCP_CLOSE && event->newstate != EBTOP_TCP_SYN_RECV;
}

/* Whose it is and how long it was in the state before; what is to be known at the next change is kept. */
static __always_inline void tcpstates_follow(struct sock *sk, struct tcpstates_event *event) {
    u64 key = (u64)sk;
    struct tcpstates_socket *before = tcpstates_sockets.lookup(&key);
    struct tcpstates_socket now = {.ns = event->ns};
    if (before && tcpstates_lasted(event))
        event->in_state_ns = ebtop_elapsed(before->ns, event->ns);
    now.pid = EBTOP_HOLDER(sk);
    if (now.pid) {
        bpf_get_current_comm(now.comm, sizeof(now.comm));
    } else if (before) {
        now.pid = before->pid;
        __builtin_memcpy(now.comm, before->comm, sizeof(now.comm));
    }
    event->pid = now.pid;
    __builtin_memcpy(event->comm, now.comm, sizeof(event->comm));
    if (event->newstate == EBTOP_TCP_CLOSE)
        tcpstates_sockets.delete(&key);
    else
        tcpstates_sockets.update(&key, &now);
}

int tcpstates_change(struct bpf_raw_tracepoint_args *ctx) { /* (sk, oldstate, newstate) */
    struct sock *sk = (struct sock *)ctx->args[0];
    struct inet_sock *inet = (struct inet_sock *)sk;
    u32 bank = ebtop_bank(1), only = 0;
    struct ebtop_totals *totals = tcpstates_totals.lookup(&bank);
    struct tcpstates_event event;
    u16 protocol = 0, port = 0;
    u64 *sent;
    bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
    if (!totals || protocol != EBTOP_TCP || ctx->args[1] == ctx->args[2])
        return 0;
    __builtin_memset(&event, 0, sizeof(event)); /* with its padding: all of it is copied out */
    event.ns = bpf_ktime_get_ns();
    event.oldstate = ctx->args[1];
    event.newstate = ctx->args[2];
    tcpstates_follow(sk, &event);
    if (ebtop_is_left_out(event.pid))
        return 0;
    EBTOP_LOCAL(&event.local, sk);
    EBTOP_REMOTE(&event.remote, sk);
    if (!event.local.port) { /* a socket that is closed has given up skc_num */
        bpf_probe_read_kernel(&port, sizeof(port), &inet->inet_sport);
        event.local.port = bpf_ntohs(port);
    }
    ebtop_add(&totals->total, 1);
    ebtop_add(&totals->unmatched, !event.in_state_ns && tcpstates_lasted(&event));
    if (event.in_state_ns)
        tcpstates_observe(&event);
    tcpstates_row_add(&event, totals);
    sent = tcpstates_sent.lookup(&only);
    if (tcpstates_events.ringbuf_output(&event, sizeof(event),
                                        ebtop_wake(sent, EBTOP_QUARTER(struct tcpstates_event, TCPSTATES_PAGES))))
        ebtop_add(&totals->lost, 1);
    return 0;
}
