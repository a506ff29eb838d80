/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Names that programs have the C library resolve: from the call of getaddrinfo or one of the gethostbyname functions to
 * its return, whatever answers: /etc/hosts, a cache, a server.
 *
 * The name is read as the call returns: it is in memory by then. Of calls within calls (gethostbyname calls its own
 * reentrant form) the outermost counts: a thread has one start, and a call further down its stack than that lies within
 * it. A start further down than a new call is of a call that was left by a jump, and is overwritten.
 *
 * Way 1 sees the questions themselves, as any process sends them to port 53 by UDP (net_dev_queue), until the first answer
 * with the same server, port and number comes in (netif_receive_skb): RFC 1035, 4.1. A packet that is passed on has no
 * socket and is no question of anybody here. What is asked again has the time of its first question. */
#define DNS_HOST 128
#define DNS_STARTS 8192 /* threads that have asked for a name, the latest */
#define DNS_NO_HOST 256 /* gethostbyname had no answer; why is in memory of the thread's own */
#define DNS_NO_ROOM 257 /* gethostbyname_r was given too small a buffer, and will be called again */
#define DNS_ERANGE 34
#define DNS_RCODE 512 /* and above: what the server's answer says, if that is no success */
#define DNS_PORT 53
#define DNS_HEADER 12
#ifndef DNS_ROWS
#define DNS_ROWS 8192
#endif

struct dns_key {
    u32 pid;
    u32 result; /* 0, minus an EAI code, or one of the above */
    char host[DNS_HOST];
};

struct dns_value {
    u64 lookups;
    u64 failures;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct dns_start {
    u64 frame;
    u64 ns;
    u64 host;
    u64 answer; /* where the reentrant forms put a pointer to their answer */
};

struct dns_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 result;
    char comm[EBTOP_COMM];
    char host[DNS_HOST];
};

BPF_TABLE("hash", struct dns_key, struct dns_value, dns_names, DNS_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, dns_latency, 1);
EBTOP_WORST(dns, struct dns_example);
EBTOP_COUNTERS(struct ebtop_totals, dns_totals, 1);

static __always_inline void dns_keep(u32 cpu, u64 bucket, u64 ns, struct dns_key *key, const char *comm) {
    u32 only = 0;
    u64 *running = dns_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct dns_example *worst = dns_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = key->pid;
    worst->result = key->result;
    __builtin_memcpy(worst->host, key->host, DNS_HOST);
    __builtin_memcpy(worst->comm, comm, EBTOP_COMM);
    ebtop_kept(worst, epoch);
}

/* Programs of one CPU may interrupt each other here: tasks in user space are taken off it at any time. */
static __always_inline void dns_count(struct dns_key *key, const char *comm, u64 ns) {
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = dns_totals.lookup(&cpu);
    struct ebtop_histogram *latency = dns_latency.lookup(&cpu);
    if (!totals || !latency || ebtop_is_left_out(key->pid)) /* by now */
        return;
    ebtop_add(&totals->total, 1);
    dns_keep(cpu, ebtop_observe_atomic(latency, ns), ns, key, comm);
    struct dns_value *row = dns_names.lookup(key), empty = {};
    if (!row) {
        __builtin_memcpy(empty.comm, comm, EBTOP_COMM);
        row = dns_names.lookup_or_try_init(key, &empty);
    }
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return;
    }
    ebtop_add(&row->lookups, 1);
    ebtop_add(&row->failures, key->result != 0);
    ebtop_add(&row->ns, ns);
    if (ns > row->max_ns)
        row->max_ns = ns;
}

#if DNS_WAY == 0
BPF_TABLE("lru_hash", u64, struct dns_start, dns_starts, DNS_STARTS);

static __always_inline int dns_begin(struct pt_regs *ctx, u64 answer) {
    u64 thread = bpf_get_current_pid_tgid();
    struct dns_start start = {.frame = EBTOP_FRAME(ctx), .host = PT_REGS_PARM1(ctx), .answer = answer};
    struct dns_start *open = dns_starts.lookup(&thread);
    if (ebtop_is_left_out(thread >> 32) || (open && open->ns && start.frame < open->frame))
        return 0;
    start.ns = bpf_ktime_get_ns();
    dns_starts.update(&thread, &start);
    return 0;
}

int dns_enter(struct pt_regs *ctx) {
    return dns_begin(ctx, 0);
}

int dns_enter_r(struct pt_regs *ctx) {
    return dns_begin(ctx, PT_REGS_PARM5(ctx));
}

int dns_enter_2_r(struct pt_regs *ctx) {
    return dns_begin(ctx, PT_REGS_PARM6(ctx));
}

static __always_inline void dns_end(struct dns_start *start, u32 result) {
    u64 ns = ebtop_elapsed(start->ns, bpf_ktime_get_ns());
    struct dns_key key = {.pid = bpf_get_current_pid_tgid() >> 32, .result = result};
    char comm[EBTOP_COMM] = {};
    if (start->host)
        bpf_probe_read_user_str(key.host, DNS_HOST, (void *)start->host);
    start->ns = 0;
    bpf_get_current_comm(comm, sizeof(comm));
    dns_count(&key, comm, ns);
}

/* The open call that returns here, if it is the outermost. */
static __always_inline struct dns_start *dns_ended(struct pt_regs *ctx) {
    u64 thread = bpf_get_current_pid_tgid();
    struct dns_start *start = dns_starts.lookup(&thread);
    if (start && start->ns && start->frame == EBTOP_FRAME_LEFT(ctx))
        return start;
    if (!start && !ebtop_is_left_out(thread >> 32)) {
        u32 cpu = bpf_get_smp_processor_id();
        struct ebtop_totals *totals = dns_totals.lookup(&cpu);
        if (totals)
            ebtop_add(&totals->unmatched, 1);
    }
    return 0;
}

int dns_code(struct pt_regs *ctx) { /* getaddrinfo returns 0 or an EAI code, which is negative */
    struct dns_start *start = dns_ended(ctx);
    if (start)
        dns_end(start, -(s32)PT_REGS_RC(ctx));
    return 0;
}

int dns_pointer(struct pt_regs *ctx) { /* gethostbyname returns its answer or none */
    struct dns_start *start = dns_ended(ctx);
    if (start)
        dns_end(start, PT_REGS_RC(ctx) ? 0 : DNS_NO_HOST);
    return 0;
}

int dns_pointed(struct pt_regs *ctx) { /* the reentrant forms put it where they were told */
    struct dns_start *start = dns_ended(ctx);
    u64 answer = 0;
    if (!start)
        return 0;
    bpf_probe_read_user(&answer, sizeof(answer), (void *)start->answer);
    dns_end(start, answer ? 0 : (s32)PT_REGS_RC(ctx) == DNS_ERANGE ? DNS_NO_ROOM : DNS_NO_HOST);
    return 0;
}
#endif

#if DNS_WAY == 1
struct dns_asked {
    struct ebtop_address server;
    u16 port; /* of the client */
    u16 id;
};
struct dns_question {
    u64 ns;
    u32 pid;
    char comm[EBTOP_COMM];
    u8 host[DNS_HOST];
};
BPF_TABLE("lru_hash", struct dns_asked, struct dns_question, dns_questions, DNS_STARTS);

/* 1 where a small `number` is 0, else 0, by what the compiler makes no branch of: the verifier follows every path. */
static __always_inline u64 dns_is_zero(u64 number) {
    number--;
    asm volatile("" : "+r"(number));
    return number >> 63;
}

/* The labels of a name, each after its length, as text with dots; all 0 after its end. */
static __always_inline void dns_name(u8 *host) {
    u64 left = host[0], ended = dns_is_zero(left);
    for (u32 at = 1; at < DNS_HOST; at++) {
        u64 byte = host[at], is_length = dns_is_zero(left);
        ended |= is_length & dns_is_zero(byte);
        host[at - 1] = (is_length * '.' + (1 - is_length) * byte) & (ended - 1);
        left = is_length * byte + (1 - is_length) * (left - 1);
        asm volatile("" : "+r"(left), "+r"(ended));
    }
    host[DNS_HOST - 1] = 0;
}

int dns_queue(struct bpf_raw_tracepoint_args *ctx) { /* (skb) */
    struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
    struct ebtop_packet packet = {};
    struct dns_asked asked = {};
    struct dns_question question = {.pid = bpf_get_current_pid_tgid() >> 32};
    struct sock *sk = 0;
    u8 header[DNS_HEADER] = {};
    bpf_probe_read_kernel(&sk, sizeof(sk), &skb->sk);
    if (!sk || ebtop_is_left_out(question.pid))
        return 0;
    EBTOP_PACKET(&packet, skb);
    if (packet.protocol != EBTOP_UDP || packet.destination.port != DNS_PORT)
        return 0;
    bpf_probe_read_kernel(header, sizeof(header), packet.data);
    if (header[2] & 0x80) /* an answer */
        return 0;
    asked.server = packet.destination;
    asked.port = packet.source.port;
    asked.id = header[0] << 8 | header[1];
    if (dns_questions.lookup(&asked))
        return 0;
    bpf_probe_read_kernel(question.host, DNS_HOST - 1, packet.data + DNS_HEADER);
    dns_name(question.host);
    bpf_get_current_comm(question.comm, sizeof(question.comm));
    question.ns = bpf_ktime_get_ns();
    dns_questions.update(&asked, &question);
    return 0;
}

int dns_receive(struct bpf_raw_tracepoint_args *ctx) { /* (skb) */
    u64 now = bpf_ktime_get_ns();
    struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
    struct ebtop_packet packet = {};
    struct dns_asked asked = {};
    u8 header[DNS_HEADER] = {};
    EBTOP_PACKET(&packet, skb);
    if (packet.protocol != EBTOP_UDP || packet.source.port != DNS_PORT)
        return 0;
    bpf_probe_read_kernel(header, sizeof(header), packet.data);
    asked.server = packet.source;
    asked.port = packet.destination.port;
    asked.id = header[0] << 8 | header[1];
    struct dns_question *question = dns_questions.lookup(&asked);
    if (!question || !(header[2] & 0x80))
        return 0;
    u32 code = header[3] & 15;
    struct dns_key key = {.pid = question->pid, .result = code ? DNS_RCODE + code : 0};
    char comm[EBTOP_COMM];
    u64 ns = ebtop_elapsed(question->ns, now);
    __builtin_memcpy(key.host, question->host, DNS_HOST);
    __builtin_memcpy(comm, question->comm, EBTOP_COMM);
    if (dns_questions.delete(&asked) == 0)
        dns_count(&key, comm, ns);
    return 0;
}
#endif
