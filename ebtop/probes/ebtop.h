/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What all probes share. Given by the loader: EBTOP_CPUS (possible CPUs), NAME_WAY (index of the way that is being
 * compiled), EBTOP_KERNEL (LINUX_VERSION_CODE). */
#pragma once
#include <linux/types.h>

#define EBTOP_BUCKETS 40
#define EBTOP_COMM 16
#define EBTOP_MMAPABLE (1U << 10) /* BPF_F_MMAPABLE, Linux 5.5 */

/* A table of fixed counters: one bank of `entries` for each CPU in a memory-mapped array, read without a system call.
 * Index with ebtop_bank(entries) + i. Programs of one CPU do not interrupt each other between tracepoints' preempt-off
 * sections, so a plain add is exact. */
#define EBTOP_COUNTERS(leaf, name, entries)                                                                            \
    BPF_F_TABLE("array", u32, leaf, name, (EBTOP_CPUS * (entries)), EBTOP_MMAPABLE)

struct ebtop_totals {
    u64 total;
    u64 drops;
    u64 lost;
    u64 unmatched;
};

struct ebtop_histogram {
    u64 slots[EBTOP_BUCKETS];
    u64 sum;
    u64 max_value;
};

struct ebtop_address {
    u8 ip[16]; /* IPv4 as ::ffff:a.b.c.d */
    u32 port;  /* host order */
};

/* Who is not counted, a byte for each pid: stores for different pids do not touch each other. This module's map is a
 * stand-in of one entry: the loader has the programs use the one map that the whole session shares, see warden/flags.py. */
#define EBTOP_OWN 1      /* one of ebtop's own processes */
#define EBTOP_LEFT_OUT 2 /* not of the target */
struct ebtop_flags {
    u8 of[64];
};
BPF_F_TABLE("array", u32, struct ebtop_flags, ebtop_flags, 1, EBTOP_MMAPABLE);

static __always_inline u32 ebtop_bank(u32 entries) {
    return bpf_get_smp_processor_id() * entries;
}

/* The byte of the process `tgid`; 0 where kernel.pid_max was raised after ebtop had started. */
static __always_inline u8 *ebtop_flag(u32 tgid) {
    u32 entry = tgid >> 6;
    struct ebtop_flags *flags = ebtop_flags.lookup(&entry);
    return flags ? &flags->of[tgid & 63] : 0;
}

/* Whether nothing that the process `tgid` does is to be counted. */
static __always_inline int ebtop_is_left_out(u32 tgid) {
    u8 *flag = ebtop_flag(tgid);
    return flag && *flag;
}

/* floor(log2(value)), 0 for 0, at most the last bucket; five compares. The assembly keeps each shift in one register, each
 * compare single and with a constant: verifiers before 6.8 lose track of what the compiler would make of it otherwise. */
#define ebtop_halve(value, bucket, bits)                                                                               \
    do {                                                                                                               \
        u64 ebtop_shift = (value) >> (bits) ? (bits) : 0;                                                              \
        asm volatile("" : "+r"(ebtop_shift));                                                                          \
        (value) >>= ebtop_shift;                                                                                       \
        (bucket) += ebtop_shift;                                                                                       \
    } while (0)

static __always_inline u64 ebtop_bucket(u64 value) {
    u64 bucket = 0;
    ebtop_halve(value, bucket, 32);
    ebtop_halve(value, bucket, 16);
    ebtop_halve(value, bucket, 8);
    ebtop_halve(value, bucket, 4);
    ebtop_halve(value, bucket, 2);
    bucket += value >> 1;
    asm volatile("if %0 < %1 goto +1\n%0 = %2" : "+r"(bucket) : "i"(EBTOP_BUCKETS), "i"(EBTOP_BUCKETS - 1));
    return bucket;
}

/* The bucket in which it is counted. */
static __always_inline u64 ebtop_observe(struct ebtop_histogram *histogram, u64 value) {
    u64 bucket = ebtop_bucket(value);
    histogram->slots[bucket]++;
    histogram->sum += value;
    if (value > histogram->max_value)
        histogram->max_value = value;
    return bucket;
}

/* For counters that a softirq and the task below it may both touch: network and block events. */
#define ebtop_add(counter, value) __sync_fetch_and_add((counter), (value))

static __always_inline u64 ebtop_observe_atomic(struct ebtop_histogram *histogram, u64 value) {
    u64 bucket = ebtop_bucket(value);
    ebtop_add(&histogram->slots[bucket], 1);
    ebtop_add(&histogram->sum, value);
    if (value > histogram->max_value)
        histogram->max_value = value;
    return bucket;
}

/* How the record of a bucket's worst example in one interval begins; a probe's own struct goes on with pid, comm and what
 * else it knows. EBTOP_EPOCH is the number of the running interval, raised by user space and by nobody else; records stand
 * in an EBTOP_COUNTERS of EBTOP_EXAMPLES entries, two sets of buckets taken in turns: while one is written, the other is
 * read. Nothing is cleared: a record of another interval is as good as none. */
struct ebtop_worst {
    u64 epoch;
    u64 value;
};

#define EBTOP_EXAMPLES (2 * EBTOP_BUCKETS)
#define EBTOP_EPOCH(name) BPF_F_TABLE("array", u32, u64, name, 1, EBTOP_MMAPABLE)
#define EBTOP_WRITING (~0ULL) /* in the place of an epoch */

static __always_inline u32 ebtop_example(u32 cpu, u64 epoch, u64 bucket) {
    return cpu * EBTOP_EXAMPLES + (epoch & 1) * EBTOP_BUCKETS + bucket;
}

/* Whether `value` is worse than what the record holds; then everything else is to be written, and ebtop_kept called.
 * Whoever interrupts a writer on its CPU finds EBTOP_WRITING and leaves the record alone, and a reader does too. Only who
 * interrupts between the comparison and the mark may be overwritten by something less bad, whole all the same. */
static __always_inline int ebtop_is_worse(void *record, u64 epoch, u64 value) {
    struct ebtop_worst *worst = record;
    u64 was = worst->epoch;
    if (was == epoch ? value <= worst->value : was == EBTOP_WRITING)
        return 0;
    worst->epoch = EBTOP_WRITING;
    asm volatile("" : : : "memory");
    worst->value = value;
    return 1;
}

static __always_inline void ebtop_kept(void *record, u64 epoch) {
    asm volatile("" : : : "memory");
    ((struct ebtop_worst *)record)->epoch = epoch;
}

/* Stacks of a probe. NAME_stacks has a place for each, as its hash says, and keeps the first that comes there for ever;
 * NAME_spare takes those that find another in their place. NAME_leaves is for processes whose stacks lead astray for want
 * of frame pointers, as user space has found out and written into NAME_short: nearly every one of them would be another,
 * and soon there were no room for any. Of those processes the innermost function is kept. Ids of the latter two are
 * EBTOP_SPARE and EBTOP_LEAF more; EBTOP_NO_STACK is none to be walked (EFAULT), EBTOP_NO_ROOM one without a place
 * (EEXIST), which is counted. */
#define EBTOP_NO_STACK (-1)
#define EBTOP_NO_ROOM (-17)
#define EBTOP_EFAULT (-14)
#define EBTOP_SPARE 0x20000000
#define EBTOP_LEAF 0x40000000
struct ebtop_leaf {
    u64 ip[1];
};
#define EBTOP_STACKS(name, entries)                                                                                    \
    BPF_STACK_TRACE(name##_stacks, entries);                                                                           \
    BPF_STACK_TRACE(name##_spare, (entries) / 4);                                                                      \
    BPF_TABLE("stacktrace", int, struct ebtop_leaf, name##_leaves, entries);                                           \
    BPF_TABLE("hash", u32, u8, name##_short, 4096)

/* The id as it stands in a row; `more` is EBTOP_SPARE or EBTOP_LEAF for those maps. */
static __always_inline s32 ebtop_stack(s64 id, s32 more, struct ebtop_totals *totals) {
    if (id >= 0)
        return id + more;
    if (id == EBTOP_EFAULT)
        return EBTOP_NO_STACK;
    totals->lost++;
    return EBTOP_NO_ROOM;
}

/* States and protocols of sockets: include/net/tcp_states.h, include/uapi/linux/in.h, include/linux/socket.h. */
#define EBTOP_TCP_ESTABLISHED 1
#define EBTOP_TCP_SYN_SENT 2
#define EBTOP_TCP_SYN_RECV 3
#define EBTOP_TCP_CLOSE 7
#define EBTOP_TCP_LISTEN 10
#define EBTOP_TCP 6
#define EBTOP_MPTCP 262
#define EBTOP_INET 2
#define EBTOP_INET6 10

static __always_inline void ebtop_read_ip(struct ebtop_address *address, u16 family, const void *ip4, const void *ip6) {
    if (family == EBTOP_INET6) {
        bpf_probe_read_kernel(address->ip, 16, ip6);
        return;
    }
    address->ip[10] = address->ip[11] = 0xff;
    bpf_probe_read_kernel(address->ip + 12, 4, ip4);
}

/* The far and the near end of a struct sock; its members are declared by the probe's way. */
#define EBTOP_REMOTE(address, sk)                                                                                      \
    do {                                                                                                               \
        u16 ebtop_family = 0, ebtop_port = 0;                                                                          \
        bpf_probe_read_kernel(&ebtop_family, 2, &(sk)->__sk_common.skc_family);                                        \
        bpf_probe_read_kernel(&ebtop_port, 2, &(sk)->__sk_common.skc_dport);                                           \
        ebtop_read_ip((address), ebtop_family, &(sk)->__sk_common.skc_daddr, &(sk)->__sk_common.skc_v6_daddr);         \
        (address)->port = bpf_ntohs(ebtop_port);                                                                       \
    } while (0)
#define EBTOP_LOCAL(address, sk)                                                                                       \
    do {                                                                                                               \
        u16 ebtop_family = 0, ebtop_port = 0;                                                                          \
        bpf_probe_read_kernel(&ebtop_family, 2, &(sk)->__sk_common.skc_family);                                        \
        bpf_probe_read_kernel(&ebtop_port, 2, &(sk)->__sk_common.skc_num);                                             \
        ebtop_read_ip((address), ebtop_family, &(sk)->__sk_common.skc_rcv_saddr, &(sk)->__sk_common.skc_v6_rcv_saddr); \
        (address)->port = ebtop_port;                                                                                  \
    } while (0)
