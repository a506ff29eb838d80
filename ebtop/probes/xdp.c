/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* xdp: frames that come in by a network interface, counted before the stack has seen them, by what they carry. Every one
 * passes. Up to two VLAN tags and four IPv6 extension headers are skipped; of two ports the lower one is the row's, as
 * servers have the low ones. Way 0 is the only one. */

#ifndef XDP_ROWS
#define XDP_ROWS 8192
#endif
#define XDP_TAGS 2
/* include/uapi/linux/if_ether.h, include/uapi/linux/in.h and in6.h */
#define XDP_TAG 0x8100
#define XDP_SERVICE_TAG 0x88A8
#define XDP_LEAST_TYPE 0x0600 /* below, it is the length of an IEEE 802.3 frame */
#define XDP_SCTP 132
#define XDP_UDP_LITE 136

struct xdp_key {
    u32 interface;
    u32 network;  /* type of the frame, 0 of IEEE 802.3 */
    u32 protocol; /* above IP, else 0 */
    u32 port;     /* 0: it has none, or they are in another fragment */
};
struct xdp_row {
    u64 packets;
    u64 bytes;
};

BPF_TABLE("percpu_hash", struct xdp_key, struct xdp_row, xdp_rows, XDP_ROWS);
EBTOP_COUNTERS(struct ebtop_totals, xdp_totals, 1);

/* What is left to read. */
struct xdp_rest {
    u8 *at;
    u8 *end;
};

#define xdp_has(rest, bytes) ((rest)->at + (bytes) <= (rest)->end)

static __always_inline u32 xdp_big16(u8 *at) {
    return at[0] << 8 | at[1];
}

static __always_inline void xdp_read_ports(struct xdp_rest *rest, struct xdp_key *key) {
    u32 source, destination;
    u32 has = key->protocol == EBTOP_TCP || key->protocol == EBTOP_UDP || key->protocol == XDP_SCTP ||
              key->protocol == XDP_UDP_LITE;
    if (!has || !xdp_has(rest, 4))
        return;
    source = xdp_big16(rest->at);
    destination = xdp_big16(rest->at + 2);
    key->port = source < destination ? source : destination;
}

static __always_inline void xdp_read_ip4(struct xdp_rest *rest, struct xdp_key *key) {
    u32 fragment, length;
    if (!xdp_has(rest, 20))
        return;
    key->protocol = rest->at[9];
    fragment = xdp_big16(rest->at + 6) & EBTOP_FRAGMENT_OFFSET;
    length = (rest->at[0] & 0xf) * 4;
    rest->at += length;
    if (!fragment)
        xdp_read_ports(rest, key);
}

static __always_inline void xdp_read_ip6(struct xdp_rest *rest, struct xdp_key *key) {
    u32 next;
    if (!xdp_has(rest, 40))
        return;
    next = rest->at[6];
    rest->at += 40;
#pragma unroll
    for (int i = 0; i < EBTOP_EXTENSIONS; i++) {
        u32 length = 8, fragment = 0;
        if (next != EBTOP_HOP_OPTIONS && next != EBTOP_ROUTING && next != EBTOP_FRAGMENT && next != EBTOP_OPTIONS)
            break;
        if (!xdp_has(rest, 8))
            return;
        if (next == EBTOP_FRAGMENT)
            fragment = xdp_big16(rest->at + 2) & 0xfff8;
        else
            length += rest->at[1] * 8;
        next = rest->at[0];
        rest->at += length;
        if (fragment) {
            key->protocol = next;
            return;
        }
    }
    key->protocol = next;
    xdp_read_ports(rest, key);
}

static __always_inline void xdp_read(struct xdp_rest *rest, struct xdp_key *key) {
    u32 type;
    if (!xdp_has(rest, 14))
        return;
    type = xdp_big16(rest->at + 12);
    rest->at += 14;
#pragma unroll
    for (int i = 0; i < XDP_TAGS; i++) {
        if (type != XDP_TAG && type != XDP_SERVICE_TAG)
            break;
        if (!xdp_has(rest, 4))
            break;
        type = xdp_big16(rest->at + 2);
        rest->at += 4;
    }
    key->network = type < XDP_LEAST_TYPE ? 0 : type;
    if (type == EBTOP_ETH_IP4)
        xdp_read_ip4(rest, key);
    else if (type == EBTOP_ETH_IP6)
        xdp_read_ip6(rest, key);
}

static __always_inline u64 xdp_length(struct xdp_md *ctx) {
#if EBTOP_KERNEL >= KERNEL_VERSION(5, 18, 0)
    return bpf_xdp_get_buff_len(ctx); /* with what does not lie in the first piece */
#else
    return ctx->data_end - ctx->data;
#endif
}

int xdp_count(struct xdp_md *ctx) {
    u32 bank = ebtop_bank(1);
    struct ebtop_totals *totals = xdp_totals.lookup(&bank);
    struct xdp_rest rest = {.at = (u8 *)(long)ctx->data, .end = (u8 *)(long)ctx->data_end};
    struct xdp_key key = {.interface = ctx->ingress_ifindex};
    struct xdp_row zero = {}, *row;
    if (!totals)
        return XDP_PASS;
    xdp_read(&rest, &key);
    totals->total++;
    row = xdp_rows.lookup_or_try_init(&key, &zero);
    if (!row) {
        totals->drops++;
        return XDP_PASS;
    }
    row->packets++;
    row->bytes += xdp_length(ctx);
    return XDP_PASS;
}
