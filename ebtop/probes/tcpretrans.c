/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tcpretrans: segments that TCP sends again: data, FIN and SYN by tcp_retransmit_skb, the answer to a SYN by
 * tcp_retransmit_synack. Timers and acknowledgements cause them, in nobody's process. */
#ifndef TCPRETRANS_ROWS
#define TCPRETRANS_ROWS 8192
#endif
#define TCPRETRANS_PAGES 32

struct tcpretrans_key {
    u32 state;
    struct ebtop_address local;
    struct ebtop_address remote;
};
struct tcpretrans_row {
    u64 segments;
    u64 bytes;
};
struct tcpretrans_event {
    u64 ns;
    u32 state;
    u32 bytes;
    struct ebtop_address local;
    struct ebtop_address remote;
};

BPF_TABLE("hash", struct tcpretrans_key, struct tcpretrans_row, tcpretrans_rows, TCPRETRANS_ROWS);
EBTOP_EVENTS(tcpretrans, struct tcpretrans_event, TCPRETRANS_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, tcpretrans_totals, 1);

static __always_inline void tcpretrans_row_add(struct tcpretrans_event *event, struct ebtop_totals *totals) {
    struct tcpretrans_key key = {.state = event->state, .local = event->local, .remote = event->remote};
    struct tcpretrans_row zero = {}, *row;
    ebtop_keep_service(&key.local, &key.remote);
    row = tcpretrans_rows.lookup_or_try_init(&key, &zero);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return;
    }
    ebtop_add(&row->segments, 1);
    ebtop_add(&row->bytes, event->bytes);
}

/* `sk`: a socket, or a request for one, which begins with the same struct sock_common. */
static __always_inline int tcpretrans_count(struct sock *sk, u32 bytes) {
    u32 bank = ebtop_bank(1), only = 0;
    struct ebtop_totals *totals = tcpretrans_totals.lookup(&bank);
    struct tcpretrans_event event;
    u64 *sent;
    u8 state = 0;
    if (!totals)
        return 0;
    __builtin_memset(&event, 0, sizeof(event)); /* with its padding: all of it is copied out */
    event.ns = bpf_ktime_get_ns();
    event.bytes = bytes;
    bpf_probe_read_kernel(&state, sizeof(state), (void *)&sk->__sk_common.skc_state);
    event.state = state;
    EBTOP_LOCAL(&event.local, sk);
    EBTOP_REMOTE(&event.remote, sk);
    ebtop_add(&totals->total, 1);
    tcpretrans_row_add(&event, totals);
    sent = tcpretrans_sent.lookup(&only);
    if (tcpretrans_events.ringbuf_output(&event, sizeof(event),
                                         ebtop_wake(sent, EBTOP_QUARTER(struct tcpretrans_event, TCPRETRANS_PAGES))))
        ebtop_add(&totals->lost, 1);
    return 0;
}

int tcpretrans_segment(struct bpf_raw_tracepoint_args *ctx) { /* (sk, skb, …) */
    struct sk_buff *skb = (struct sk_buff *)ctx->args[1];
    u32 bytes = 0;
    bpf_probe_read_kernel(&bytes, sizeof(bytes), &skb->len); /* headers come in front later */
    return tcpretrans_count((struct sock *)ctx->args[0], bytes);
}

int tcpretrans_synack(struct bpf_raw_tracepoint_args *ctx) { /* (sk, req) */
    return tcpretrans_count((struct sock *)ctx->args[1], 0);
}
