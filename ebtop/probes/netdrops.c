/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* netdrops: packets that the kernel frees without having delivered them (kfree_skb), by reason and place. Ways: 0 with the
 * reason, 1 without. The device that a packet names may be anything once it lies in a socket's queue: the interface is
 * the one it came in by. */
#ifndef NETDROPS_ROWS
#define NETDROPS_ROWS 4096
#endif
#define NETDROPS_PAGES 64

struct netdrops_key {
    u64 location;
    u32 reason;
    u32 network;
    u32 protocol;
    u32 interface;
};
struct netdrops_row {
    u64 packets;
    u64 bytes;
};
struct netdrops_event {
    u64 ns;
    u64 location;
    u32 reason;
    u32 network;
    u32 protocol;
    u32 interface;
    u32 bytes;
    struct ebtop_address source;
    struct ebtop_address destination;
};

BPF_TABLE("hash", struct netdrops_key, struct netdrops_row, netdrops_rows, NETDROPS_ROWS);
EBTOP_EVENTS(netdrops, struct netdrops_event, NETDROPS_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, netdrops_totals, 1);

static __always_inline void netdrops_row_add(struct netdrops_event *event, struct ebtop_totals *totals) {
    struct netdrops_key key = {.location = event->location,
                               .reason = event->reason,
                               .network = event->network,
                               .protocol = event->protocol,
                               .interface = event->interface};
    struct netdrops_row zero = {}, *row;
    row = netdrops_rows.lookup_or_try_init(&key, &zero);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return;
    }
    ebtop_add(&row->packets, 1);
    ebtop_add(&row->bytes, event->bytes);
}

/* Headers only where they are what the packet says they are: some are freed before they have any. */
static __always_inline void netdrops_read(struct netdrops_event *event, struct sk_buff *skb) {
    struct ebtop_packet packet = {};
    u16 network = 0;
    bpf_probe_read_kernel(&network, sizeof(network), &skb->protocol);
    bpf_probe_read_kernel(&event->bytes, sizeof(event->bytes), &skb->len);
    bpf_probe_read_kernel(&event->interface, sizeof(event->interface), &skb->skb_iif);
    event->network = bpf_ntohs(network);
    if (event->network != EBTOP_ETH_IP4 && event->network != EBTOP_ETH_IP6)
        return;
    EBTOP_PACKET(&packet, skb);
    if (packet.version != (event->network == EBTOP_ETH_IP4 ? 4 : 6))
        return;
    event->protocol = packet.protocol;
    event->source = packet.source;
    event->destination = packet.destination;
}

int netdrops_free(struct bpf_raw_tracepoint_args *ctx) { /* (skb, location, reason, …) */
    u32 bank = ebtop_bank(1), only = 0;
    struct ebtop_totals *totals = netdrops_totals.lookup(&bank);
    struct netdrops_event event;
    u64 *sent;
    if (!totals)
        return 0;
    __builtin_memset(&event, 0, sizeof(event)); /* with its padding: all of it is copied out */
    event.ns = bpf_ktime_get_ns();
    event.location = ctx->args[1];
#if NETDROPS_WAY == 0
    event.reason = ctx->args[2];
#endif
    netdrops_read(&event, (struct sk_buff *)ctx->args[0]);
    ebtop_add(&totals->total, 1);
    netdrops_row_add(&event, totals);
    sent = netdrops_sent.lookup(&only);
    if (netdrops_events.ringbuf_output(&event, sizeof(event),
                                       ebtop_wake(sent, EBTOP_QUARTER(struct netdrops_event, NETDROPS_PAGES))))
        ebtop_add(&totals->lost, 1);
    return 0;
}
