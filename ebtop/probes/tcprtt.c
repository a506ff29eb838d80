/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tcprtt: the smoothed round-trip time (RFC 6298, SRTT) that a connection has as each segment comes in (tcp_probe, at the
 * beginning of tcp_rcv_established), by peer. Softirqs do it, in nobody's process. */
#ifndef TCPRTT_ROWS
#define TCPRTT_ROWS 4096
#endif
#define TCPRTT_SHIFT 3 /* srtt_us counts eighths of a microsecond, mdev_us quarters: include/linux/tcp.h */
#define TCPRTT_VARIANCE_SHIFT 2

struct tcprtt_key {
    struct ebtop_address remote; /* port 0 where this end is the service */
};
struct tcprtt_row { /* begins as struct ebtop_histogram */
    u64 slots[EBTOP_BUCKETS];
    u64 sum;
    u64 max_value;
    u64 segments;
    u64 deviation_ns;
};

BPF_TABLE("hash", struct tcprtt_key, struct tcprtt_row, tcprtt_rows, TCPRTT_ROWS);
BPF_ARRAY(tcprtt_empty, struct tcprtt_row, 1);
EBTOP_COUNTERS(struct ebtop_totals, tcprtt_totals, 1);

static __always_inline struct tcprtt_row *tcprtt_row_of(struct tcprtt_key *key) {
    u32 only = 0;
    struct tcprtt_row *row = tcprtt_rows.lookup(key), *empty;
    if (row)
        return row;
    empty = tcprtt_empty.lookup(&only);
    return empty ? tcprtt_rows.lookup_or_try_init(key, empty) : 0;
}

int tcprtt_segment(struct bpf_raw_tracepoint_args *ctx) { /* (sk, skb) */
    struct sock *sk = (struct sock *)ctx->args[0];
    struct tcp_sock *tcp = (struct tcp_sock *)sk;
    u32 bank = ebtop_bank(1), smoothed = 0, deviation = 0;
    struct ebtop_totals *totals = tcprtt_totals.lookup(&bank);
    struct tcprtt_key key = {};
    struct tcprtt_row *row;
    u16 port = 0;
    bpf_probe_read_kernel(&smoothed, sizeof(smoothed), &tcp->srtt_us);
    if (!totals || !smoothed)
        return 0;
    bpf_probe_read_kernel(&deviation, sizeof(deviation), &tcp->mdev_us);
    bpf_probe_read_kernel(&port, sizeof(port), &sk->__sk_common.skc_num);
    EBTOP_REMOTE(&key.remote, sk);
    if (port < key.remote.port) /* the service is this end, and each client's port another: ebtop_keep_service */
        key.remote.port = 0;
    ebtop_add(&totals->total, 1);
    row = tcprtt_row_of(&key);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return 0;
    }
    u64 ns = (u64)(smoothed >> TCPRTT_SHIFT) * 1000;
    ebtop_observe_atomic((struct ebtop_histogram *)row, ns);
    ebtop_add(&row->segments, 1);
    ebtop_add(&row->deviation_ns, (u64)(deviation >> TCPRTT_VARIANCE_SHIFT) * 1000);
    return 0;
}
