/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tcpconnect: TCP connections asked for by a process, from CLOSE -> SYN_SENT (in connect(2), sendto(2) with MSG_FASTOPEN
 * or io_uring, so current is the asker) to ESTABLISHED (it succeeded, ns = the handshake) or back to CLOSE (it failed).
 * A start slot is kept by the socket's address and deleted at its end: a socket is reused at leisure, not at once. */
#ifndef TCPCONNECT_ROWS
#define TCPCONNECT_ROWS 4096
#endif
#define TCPCONNECT_STARTS 16384

struct tcpconnect_key {
    u32 pid;
    struct ebtop_address remote;
};
struct tcpconnect_row {
    u64 connects;
    u64 established;
    u64 failures;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};
struct tcpconnect_start {
    u64 ns;
    struct tcpconnect_key key;
    char comm[EBTOP_COMM];
};
struct tcpconnect_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    struct ebtop_address remote;
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct tcpconnect_key, struct tcpconnect_row, tcpconnect_rows, TCPCONNECT_ROWS);
BPF_TABLE("lru_hash", u64, struct tcpconnect_start, tcpconnect_starts, TCPCONNECT_STARTS);
EBTOP_COUNTERS(struct ebtop_histogram, tcpconnect_latency, 1);
EBTOP_WORST(tcpconnect, struct tcpconnect_example);
EBTOP_COUNTERS(struct ebtop_totals, tcpconnect_totals, 1);

static __always_inline void tcpconnect_begin(u64 socket, struct tcpconnect_start *start) {
    u32 bank = ebtop_bank(1);
    struct ebtop_totals *totals = tcpconnect_totals.lookup(&bank);
    struct tcpconnect_row zero = {}, *row;
    if (!totals)
        return;
    if (ebtop_is_left_out(start->key.pid)) {
        start->ns = 0; /* its end is known not to count: it may come in anybody's context */
        tcpconnect_starts.update(&socket, start);
        return;
    }
    ebtop_add(&totals->total, 1);
    bpf_get_current_comm(start->comm, sizeof(start->comm));
    row = tcpconnect_rows.lookup(&start->key);
    if (!row) {
        __builtin_memcpy(zero.comm, start->comm, sizeof(zero.comm));
        row = tcpconnect_rows.lookup_or_try_init(&start->key, &zero);
    }
    if (row)
        ebtop_add(&row->connects, 1);
    else
        ebtop_add(&totals->drops, 1);
    tcpconnect_starts.update(&socket, start);
}

static __always_inline void tcpconnect_keep(u32 cpu, u64 bucket, u64 ns, struct tcpconnect_start *start) {
    u32 only = 0;
    u64 *running = tcpconnect_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct tcpconnect_example *worst = tcpconnect_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = start->key.pid;
    worst->remote = start->key.remote;
    __builtin_memcpy(worst->comm, start->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline void tcpconnect_end(u64 socket, int oldstate, int newstate) {
    u32 bank = ebtop_bank(1);
    struct tcpconnect_start *start = tcpconnect_starts.lookup(&socket);
    struct ebtop_histogram *latency = tcpconnect_latency.lookup(&bank);
    struct ebtop_totals *totals = tcpconnect_totals.lookup(&bank);
    struct tcpconnect_row zero = {}, *row;
    if (!totals || !latency)
        return;
    if (!start) { /* from SYN_RECV: the other side connects */
        ebtop_add(&totals->unmatched, oldstate == EBTOP_TCP_SYN_SENT);
        return;
    }
    if (!start->ns) {
        tcpconnect_starts.delete(&socket);
        return;
    }
    u64 ns = ebtop_elapsed(start->ns, bpf_ktime_get_ns());
    struct tcpconnect_key key = start->key;
    if (newstate == EBTOP_TCP_ESTABLISHED)
        tcpconnect_keep(bank, ebtop_observe_atomic(latency, ns), ns, start);
    tcpconnect_starts.delete(&socket);
    row = tcpconnect_rows.lookup(&key);
    if (!row)
        return; /* counted as dropped when it began */
    if (newstate == EBTOP_TCP_CLOSE) {
        ebtop_add(&row->failures, 1);
        return;
    }
    ebtop_add(&row->established, 1);
    ebtop_add(&row->ns, ns);
    if (ns > row->max_ns)
        row->max_ns = ns;
}

static __always_inline int tcpconnect_is_begin(int oldstate, int newstate) {
    return oldstate == EBTOP_TCP_CLOSE && newstate == EBTOP_TCP_SYN_SENT;
}

static __always_inline int tcpconnect_is_end(int oldstate, int newstate) {
    return (oldstate == EBTOP_TCP_SYN_SENT || oldstate == EBTOP_TCP_SYN_RECV) && /* SYN_RECV: both connect at once */
           (newstate == EBTOP_TCP_ESTABLISHED || newstate == EBTOP_TCP_CLOSE);
}

#if TCPCONNECT_WAY == 0
int tcpconnect_state(struct bpf_raw_tracepoint_args *ctx) {
    struct sock *sk = (struct sock *)ctx->args[0];
    int oldstate = ctx->args[1], newstate = ctx->args[2];
    u16 protocol = 0;
    if (tcpconnect_is_begin(oldstate, newstate)) {
        struct tcpconnect_start start = {.ns = bpf_ktime_get_ns(), .key.pid = bpf_get_current_pid_tgid() >> 32};
        bpf_probe_read_kernel(&protocol, sizeof(protocol), &sk->sk_protocol);
        if (protocol != EBTOP_TCP)
            return 0;
        EBTOP_REMOTE(&start.key.remote, sk);
        tcpconnect_begin((u64)sk, &start);
    } else if (tcpconnect_is_end(oldstate, newstate)) {
        tcpconnect_end((u64)sk, oldstate, newstate);
    }
    return 0;
}
#else
int tcpconnect_state(struct tracepoint__sock__inet_sock_set_state *args) {
    if (args->protocol != EBTOP_TCP)
        return 0;
    if (tcpconnect_is_begin(args->oldstate, args->newstate)) {
        struct tcpconnect_start start = {.ns = bpf_ktime_get_ns(), .key.pid = bpf_get_current_pid_tgid() >> 32};
        bpf_probe_read_kernel(start.key.remote.ip, sizeof(start.key.remote.ip), args->daddr_v6);
        start.key.remote.port = args->dport;
        tcpconnect_begin((u64)args->skaddr, &start);
    } else if (tcpconnect_is_end(args->oldstate, args->newstate)) {
        tcpconnect_end((u64)args->skaddr, args->oldstate, args->newstate);
    }
    return 0;
}
#endif
