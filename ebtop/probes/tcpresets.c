/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tcpresets: RST segments of TCP that this machine sends and takes. The process is the one whose call sends the reset or
 * holds the socket that takes it, 0 where the kernel answers by itself. Ways: 0 knows why a reset is sent, 1 does not. */
#ifndef TCPRESETS_ROWS
#define TCPRESETS_ROWS 8192
#endif
#define TCPRESETS_PAGES 32
#define TCPRESETS_SENT 0
#define TCPRESETS_RECEIVED 1

struct tcpresets_key {
    u32 pid;
    u32 direction;
    u32 reason;
    u32 state;
    struct ebtop_address local;
    struct ebtop_address remote;
};
struct tcpresets_row {
    u64 resets;
    char comm[EBTOP_COMM];
};
struct tcpresets_event {
    u64 ns;
    u32 pid;
    u32 direction;
    u32 reason;
    u32 state;
    struct ebtop_address local;
    struct ebtop_address remote;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct tcpresets_key, struct tcpresets_row, tcpresets_rows, TCPRESETS_ROWS);
EBTOP_EVENTS(tcpresets, struct tcpresets_event, TCPRESETS_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, tcpresets_totals, 1);

static __always_inline void tcpresets_row_add(struct tcpresets_event *event, struct ebtop_totals *totals) {
    struct tcpresets_key key = {.pid = event->pid,
                                .direction = event->direction,
                                .reason = event->reason,
                                .state = event->state,
                                .local = event->local,
                                .remote = event->remote};
    struct tcpresets_row zero = {}, *row;
    ebtop_keep_service(&key.local, &key.remote);
    __builtin_memcpy(zero.comm, event->comm, sizeof(zero.comm));
    row = tcpresets_rows.lookup_or_try_init(&key, &zero);
    if (row)
        ebtop_add(&row->resets, 1);
    else
        ebtop_add(&totals->drops, 1);
}

static __always_inline int tcpresets_count(struct tcpresets_event *event) {
    u32 bank = ebtop_bank(1), only = 0;
    struct ebtop_totals *totals = tcpresets_totals.lookup(&bank);
    u64 *sent;
    if (!totals || ebtop_is_left_out(event->pid))
        return 0;
    event->ns = bpf_ktime_get_ns();
    if (event->pid)
        bpf_get_current_comm(event->comm, sizeof(event->comm));
    ebtop_add(&totals->total, 1);
    tcpresets_row_add(event, totals);
    sent = tcpresets_sent.lookup(&only);
    if (tcpresets_events.ringbuf_output(event, sizeof(*event),
                                        ebtop_wake(sent, EBTOP_QUARTER(struct tcpresets_event, TCPRESETS_PAGES))))
        ebtop_add(&totals->lost, 1);
    return 0;
}

/* What the socket knows. One that waits out its time or is only asked for is less than a struct sock. */
static __always_inline void tcpresets_socket(struct tcpresets_event *event, struct sock *sk) {
    struct inet_sock *inet = (struct inet_sock *)sk;
    u16 port = 0;
    u8 state = 0;
    bpf_probe_read_kernel(&state, sizeof(state), (void *)&sk->__sk_common.skc_state);
    event->state = state;
    if (state == EBTOP_TCP_TIME_WAIT || state == EBTOP_TCP_NEW_SYN_RECV)
        return;
    event->pid = EBTOP_HOLDER(sk);
    EBTOP_LOCAL(&event->local, sk);
    EBTOP_REMOTE(&event->remote, sk);
    bpf_probe_read_kernel(&port, sizeof(port), &inet->inet_sport); /* a socket that is closed has given up skc_num */
    event->local.port = bpf_ntohs(port);
}

int tcpresets_send(
    struct bpf_raw_tracepoint_args *ctx) { /* (sk or NULL, the segment that is answered or NULL, reason) */
    struct sock *sk = (struct sock *)ctx->args[0];
    struct sk_buff *skb = (struct sk_buff *)ctx->args[1];
    struct tcpresets_event event;
    struct ebtop_packet packet = {};
    __builtin_memset(&event, 0, sizeof(event)); /* with its padding: all of it is copied out */
    event.direction = TCPRESETS_SENT;
#if TCPRESETS_WAY == 0
    event.reason = ctx->args[2];
#endif
    if (sk)
        tcpresets_socket(&event, sk);
    if (skb) { /* a listening socket has no far end */
        EBTOP_PACKET(&packet, skb);
        event.local = packet.destination;
        event.remote = packet.source;
    }
    return tcpresets_count(&event);
}

int tcpresets_receive(struct bpf_raw_tracepoint_args *ctx) { /* (sk) */
    struct tcpresets_event event;
    __builtin_memset(&event, 0, sizeof(event));
    event.direction = TCPRESETS_RECEIVED;
    tcpresets_socket(&event, (struct sock *)ctx->args[0]);
    return tcpresets_count(&event);
}
