/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* udp: datagrams that processes send and take, between two ends. Ways: 0 sock_send_length and sock_recv_length, at the
 * return of every call that sends or receives. Whom a socket without a fixed far end sends to is read in the packet that
 * the same thread queued just before (net_dev_queue); from whom it takes, at the end of recvfrom and recvmsg, where they
 * ask for it: until then the datagram is kept. 1 fexit of UDP itself, where the call's own address is at hand. */
#ifndef UDP_ROWS
#define UDP_ROWS 16384
#endif
#define UDP_EPHEMERAL 32768 /* net.ipv4.ip_local_port_range begins there unless it is changed */
#define UDP_THREADS 8192

struct udp_key {
    u32 pid;
    struct ebtop_address local;
    struct ebtop_address remote; /* all 0: unknown */
};
struct udp_row {
    u64 datagrams;
    u64 tx_datagrams;
    u64 rx_datagrams;
    u64 tx_bytes;
    u64 rx_bytes;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct udp_key, struct udp_row, udp_rows, UDP_ROWS);
EBTOP_COUNTERS(struct ebtop_totals, udp_totals, 1);

static __always_inline int udp_is_left_out(struct sock *sk) {
    u16 protocol = 0;
    bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
    return protocol != EBTOP_UDP || ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32);
}

static __always_inline struct udp_row *udp_row_of(struct udp_key *key) {
    struct udp_row zero = {}, *row = udp_rows.lookup(key);
    if (row)
        return row;
    bpf_get_current_comm(zero.comm, sizeof(zero.comm));
    return udp_rows.lookup_or_try_init(key, &zero);
}

/* Whose the datagram is; without `peer`, the far end is the socket's, which has a port only if it is fixed. */
static __always_inline void udp_ends(struct udp_key *key, struct sock *sk, struct ebtop_address *peer) {
    u16 fixed = 0;
    key->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_probe_read_kernel(&fixed, sizeof(fixed), &sk->__sk_common.skc_dport);
    if (peer && peer->port)
        key->remote = *peer;
    else if (fixed)
        EBTOP_REMOTE(&key->remote, sk);
    EBTOP_LOCAL(&key->local, sk);
}

static __always_inline int udp_count(struct udp_key *key, int sent, u64 bytes) {
    u32 bank = ebtop_bank(1);
    struct ebtop_totals *totals = udp_totals.lookup(&bank);
    struct udp_row *row;
    if (!totals)
        return 0;
    ebtop_keep_service(&key->local, &key->remote);
    if (!key->remote.port && key->local.port >= UDP_EPHEMERAL) /* a client that nobody is known to answer */
        key->local.port = 0;
    ebtop_add(&totals->total, 1);
    row = udp_row_of(key);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return 0;
    }
    ebtop_add(&row->datagrams, 1);
    ebtop_add(sent ? &row->tx_datagrams : &row->rx_datagrams, 1);
    ebtop_add(sent ? &row->tx_bytes : &row->rx_bytes, bytes);
    return 0;
}

#define UDP_NAME 28 /* struct sockaddr_in6; of a struct sockaddr_in, the first 8 bytes count */

/* The far end in the `name` that a call was given. */
static __always_inline void udp_peer(struct ebtop_address *peer, const u8 *name) {
    u16 family = *(u16 *)name;
    if (family != EBTOP_INET && family != EBTOP_INET6)
        return;
    ebtop_read_ip(peer, family, name + 4, name + 8);
    peer->port = bpf_ntohs(*(u16 *)(name + 2));
}

#if UDP_WAY == 0
struct udp_sending { /* by thread */
    u64 socket;      /* 0: nothing queued since the last send returned */
    struct ebtop_address peer;
};
BPF_TABLE("lru_hash", u64, struct udp_sending, udp_sendings, UDP_THREADS);

int udp_queue(struct bpf_raw_tracepoint_args *ctx) { /* (skb) */
    struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
    struct sock *sk = 0;
    struct ebtop_packet packet = {};
    struct udp_sending sending = {}, *before;
    u64 thread = bpf_get_current_pid_tgid();
    u16 protocol = 0, port = 0;
    bpf_probe_read_kernel(&sk, sizeof(sk), &skb->sk);
    if (!sk)
        return 0;
    bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
    bpf_probe_read_kernel(&port, sizeof(port), &sk->__sk_common.skc_dport);
    if (protocol != EBTOP_UDP || port)
        return 0;
    EBTOP_PACKET(&packet, skb);
    bpf_probe_read_kernel(&port, sizeof(port), &sk->__sk_common.skc_num);
    if (packet.protocol != EBTOP_UDP || packet.source.port != port) /* a later fragment, the packet of a tunnel */
        return 0;
    before = udp_sendings.lookup(&thread);
    if (before) {
        before->socket = (u64)sk;
        before->peer = packet.destination;
        return 0;
    }
    sending.socket = (u64)sk;
    sending.peer = packet.destination;
    udp_sendings.update(&thread, &sending);
    return 0;
}

int udp_sent(struct bpf_raw_tracepoint_args *ctx) { /* (sk, ret, flags) */
    struct sock *sk = (struct sock *)ctx->args[0];
    u64 thread = bpf_get_current_pid_tgid();
    int bytes = ctx->args[1];
    struct udp_sending *sending;
    struct ebtop_address peer = {};
    struct udp_key key = {};
    if (bytes < 0 || udp_is_left_out(sk))
        return 0;
    sending = udp_sendings.lookup(&thread);
    if (sending && sending->socket == (u64)sk) {
        peer = sending->peer;
        sending->socket = 0;
    }
    udp_ends(&key, sk, &peer);
    return udp_count(&key, 1, bytes);
}

/* The call that a thread receives by, 0 between two: where it wants the sender's address, and what it took meanwhile. */
struct udp_call {
    u64 name;   /* in the process's memory, recvfrom's */
    u64 header; /* struct msghdr there, recvmsg's */
    u64 taken;
    u64 bytes;
    struct udp_key key;
};
BPF_TABLE("lru_hash", u64, struct udp_call, udp_calls, UDP_THREADS);

static __always_inline int udp_begin(u64 name, u64 header) {
    u64 thread = bpf_get_current_pid_tgid();
    struct udp_call *call = udp_calls.lookup(&thread), begun = {.name = name, .header = header};
    if (!call)
        return udp_calls.update(&thread, &begun);
    call->name = name;
    call->header = header;
    call->taken = 0;
    return 0;
}

int udp_recvfrom(struct ebtop_enter *ctx) {
    if (ctx->args[4] && !ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        udp_begin(ctx->args[4], 0);
    return 0;
}

int udp_recvmsg(struct ebtop_enter *ctx) {
    if (!ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        udp_begin(0, ctx->args[1]);
    return 0;
}

int udp_received(struct bpf_raw_tracepoint_args *ctx) {
    struct sock *sk = (struct sock *)ctx->args[0];
    u64 thread = bpf_get_current_pid_tgid();
    int bytes = ctx->args[1];
    struct udp_key key = {};
    struct udp_call *call;
    if (bytes < 0 || ctx->args[2] & EBTOP_PEEK || udp_is_left_out(sk))
        return 0;
    udp_ends(&key, sk, 0);
    call = key.remote.port ? 0 : udp_calls.lookup(&thread);
    if (!call || !(call->name | call->header))
        return udp_count(&key, 0, bytes);
    call->taken = 1;
    call->bytes = bytes;
    call->key = key;
    return 0;
}

int udp_return(void *ctx) {
    u64 thread = bpf_get_current_pid_tgid();
    struct udp_call *call = udp_calls.lookup(&thread);
    u8 name[UDP_NAME] = {};
    struct udp_key key;
    u64 at;
    if (!call)
        return 0;
    at = call->name;
    if (call->taken) {
        key = call->key;
        if (!at)
            bpf_probe_read_user(&at, sizeof(at), (void *)call->header); /* its first member is the name's place */
        if (at)
            bpf_probe_read_user(name, sizeof(name), (void *)at);
        udp_peer(&key.remote, name);
        udp_count(&key, 0, call->bytes);
    }
    call->name = call->header = call->taken = 0;
    return 0;
}
#endif

#if UDP_WAY == 1
static __always_inline int udp_done(u64 *ctx, int sent, int bytes) {
    struct sock *sk = (struct sock *)ctx[0];
    struct msghdr *msg = (struct msghdr *)ctx[1];
    struct ebtop_address peer = {};
    struct udp_key key = {};
    u8 name[UDP_NAME] = {}, *at = 0;
    if (bytes < 0 || udp_is_left_out(sk))
        return 0;
    bpf_probe_read_kernel(&at, sizeof(at), &msg->msg_name);
    if (at)
        bpf_probe_read_kernel(name, sizeof(name), at); /* a struct sockaddr_storage of the system call */
    udp_peer(&peer, name);
    udp_ends(&key, sk, &peer);
    return udp_count(&key, sent, bytes);
}

int udp_sent(u64 *ctx) { /* (sk, msg, length); also called by udpv6_sendmsg, which counts then */
    struct sock *sk = (struct sock *)ctx[0];
    u16 family = 0;
    bpf_probe_read_kernel(&family, sizeof(family), &sk->__sk_common.skc_family);
    return family == EBTOP_INET6 ? 0 : udp_done(ctx, 1, EBTOP_RETURNED(ctx, 3));
}

int udp_sent6(u64 *ctx) {
    return udp_done(ctx, 1, EBTOP_RETURNED(ctx, 3));
}

int udp_received(u64 *ctx) {
    if (ctx[EBTOP_RECEIVE_FLAGS] & EBTOP_PEEK)
        return 0;
    return udp_done(ctx, 0, EBTOP_RETURNED(ctx, EBTOP_RECEIVE_ARGUMENTS));
}
#endif
