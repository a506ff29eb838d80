/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* netdev: packets by network interface, direction and queue, as the stack hands them to the driver (net_dev_start_xmit)
 * and gets them from it (netif_receive_skb), with their sizes. A packet may stand for several on the wire (GSO, GRO):
 * segments. An index means another interface in each network namespace: rows have names and namespaces. */
#ifndef NETDEV_ROWS
#define NETDEV_ROWS 1024
#endif
#define NETDEV_NAME 16 /* IFNAMSIZ, include/uapi/linux/if.h */
#define NETDEV_IN 0
#define NETDEV_OUT 1

struct netdev_key {
    char interface[NETDEV_NAME];
    u32 namespace;
    u32 direction;
    u32 queue;
};
struct netdev_row { /* begins as struct ebtop_histogram */
    u64 slots[EBTOP_BUCKETS];
    u64 sum;
    u64 max_value;
    u64 packets;
    u64 segments;
};

BPF_TABLE("percpu_hash", struct netdev_key, struct netdev_row, netdev_rows, NETDEV_ROWS);
BPF_ARRAY(netdev_empty, struct netdev_row, 1);
EBTOP_COUNTERS(struct ebtop_totals, netdev_totals, 1);

static __always_inline struct netdev_row *netdev_row_of(struct netdev_key *key) {
    u32 only = 0;
    struct netdev_row *row = netdev_rows.lookup(key), *empty;
    if (row)
        return row;
    empty = netdev_empty.lookup(&only);
    return empty ? netdev_rows.lookup_or_try_init(key, empty) : 0;
}

static __always_inline u64 netdev_segments(struct sk_buff *skb) {
    struct skb_shared_info *shared;
    u8 *head = 0;
    u32 end = 0; /* from the head: NET_SKBUFF_DATA_USES_OFFSET */
    u16 segments = 0;
    bpf_probe_read_kernel(&head, sizeof(head), &skb->head);
    bpf_probe_read_kernel(&end, sizeof(end), &skb->end);
    shared = (struct skb_shared_info *)(head + end);
    bpf_probe_read_kernel(&segments, sizeof(segments), &shared->gso_segs);
    return segments ? segments : 1;
}

static __always_inline int netdev_count(struct sk_buff *skb, struct net_device *device, u32 direction) {
    u32 bank = ebtop_bank(1), length = 0;
    struct ebtop_totals *totals = netdev_totals.lookup(&bank);
    struct netdev_key key = {.direction = direction};
    struct netdev_row *row;
    struct net *namespace = 0;
    u16 queue = 0, header = 0;
    if (!totals)
        return 0;
    bpf_probe_read_kernel(key.interface, sizeof(key.interface), &device->name);
    bpf_probe_read_kernel(&namespace, sizeof(namespace), &device->nd_net.net);
    bpf_probe_read_kernel(&key.namespace, sizeof(key.namespace), &namespace->ns.inum);
    bpf_probe_read_kernel(&queue, sizeof(queue), &skb->queue_mapping);
    bpf_probe_read_kernel(&length, sizeof(length), &skb->len);
    key.queue = queue;
    if (direction == NETDEV_IN) { /* queues are numbered from 1, 0 for none (skb_record_rx_queue); data begins above the
                                     link's header */
        key.queue = queue ? queue - 1 : 0;
        bpf_probe_read_kernel(&header, sizeof(header), &device->hard_header_len);
        length += header;
    }
    ebtop_add(&totals->total, 1);
    row = netdev_row_of(&key);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return 0;
    }
    ebtop_observe_atomic((struct ebtop_histogram *)row, length);
    ebtop_add(&row->packets, 1);
    ebtop_add(&row->segments, netdev_segments(skb));
    return 0;
}

int netdev_receive(struct bpf_raw_tracepoint_args *ctx) { /* (skb) */
    struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
    struct net_device *device = 0;
    bpf_probe_read_kernel(&device, sizeof(device), &skb->dev);
    return netdev_count(skb, device, NETDEV_IN);
}

int netdev_transmit(struct bpf_raw_tracepoint_args *ctx) { /* (skb, dev) */
    return netdev_count((struct sk_buff *)ctx->args[0], (struct net_device *)ctx->args[1], NETDEV_OUT);
}
