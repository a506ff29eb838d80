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

/* Nanoseconds between two readings of bpf_ktime_get_ns(), 0 where the second is the smaller: the start may have been
 * written anew by another CPU, and that clock may go back a little from CPU to CPU (ktime_get_mono_fast_ns). */
static __always_inline u64 ebtop_elapsed(u64 from, u64 to) {
    return to > from ? to - from : 0;
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

/* What the loader writes into each program for the place it is for: the place's number among those of its probe, and how
 * many arguments the kernel function there takes. See kernel/given.py. */
#define EBTOP_GIVEN(mark)                                                                                              \
    ({                                                                                                                 \
        u64 ebtop_given;                                                                                               \
        asm volatile("%0 = %1 ll" : "=r"(ebtop_given) : "i"(mark));                                                    \
        ebtop_given;                                                                                                   \
    })
#define EBTOP_PLACE EBTOP_GIVEN(0x6562746f70676901)
#define EBTOP_ARGUMENTS EBTOP_GIVEN(0x6562746f70676902)

/* What names one running call of a function: where the stack is as it begins, and still is when it has returned, where
 * x86 has taken the address off it that the call had put there. */
#define EBTOP_FRAME(ctx) PT_REGS_SP(ctx)
#if defined(EBTOP_ARM64)
#define EBTOP_FRAME_LEFT(ctx) PT_REGS_SP(ctx)
#else
#define EBTOP_FRAME_LEFT(ctx) (PT_REGS_SP(ctx) - 8)
#endif

/* Events: a ring buffer of `pages` pages, the layout of its record, and how many were handed over. */
#define EBTOP_EVENTS(probe, leaf, pages)                                                                               \
    BPF_RINGBUF_OUTPUT(probe##_events, pages);                                                                         \
    BPF_ARRAY(probe##_record, leaf, 1);                                                                                \
    BPF_ARRAY(probe##_sent, u64, 1)
#define EBTOP_QUARTER(leaf, pages) ((pages) * 1024 / (sizeof(leaf) + 8)) /* events; pages may be larger than 4 KiB */

/* How to hand over an event. The reader looks at every refresh anyway and is woken only when a quarter of the ring may have
 * been filled meanwhile. Two CPUs that count past that number together leave it to the next quarter. */
static __always_inline u64 ebtop_wake(u64 *sent, u64 quarter) {
    if (!sent)
        return BPF_RB_NO_WAKEUP;
    __sync_fetch_and_add(sent, 1);
    return *sent % quarter ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP;
}

/* What a function of so many arguments returned, in a program of kind fexit. */
#if EBTOP_KERNEL >= KERNEL_VERSION(5, 17, 0)
#define EBTOP_RETURNED(ctx, arguments)                                                                                 \
    ({                                                                                                                 \
        u64 ebtop_value = 0;                                                                                           \
        bpf_get_func_ret((ctx), &ebtop_value);                                                                         \
        ebtop_value;                                                                                                   \
    })
#else
#define EBTOP_RETURNED(ctx, arguments) ((ctx)[arguments])
#endif

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
 * in EBTOP_EXAMPLES entries for each CPU, two sets of buckets taken in turns: while one is written, the other is
 * read. Nothing is cleared: a record of another interval is as good as none. */
struct ebtop_worst {
    u64 epoch;
    u64 value;
};

#define EBTOP_EXAMPLES (2 * EBTOP_BUCKETS)
#define EBTOP_EPOCH(name) BPF_F_TABLE("array", u32, u64, name, 1, EBTOP_MMAPABLE)
#define EBTOP_WORST(probe, leaf)                                                                                       \
    EBTOP_COUNTERS(leaf, probe##_worst, EBTOP_EXAMPLES);                                                               \
    EBTOP_EPOCH(probe##_epoch)
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
 * EBTOP_SPARE and EBTOP_LEAF more; EBTOP_NO_STACK is that there is none, EBTOP_EFAULT one of a user's thread that could
 * not be walked, EBTOP_NO_ROOM one without a place (EEXIST), which is counted. */
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
    BPF_TABLE("stacktrace", int, struct ebtop_leaf, name##_leaves, (entries) * 4);                                     \
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

/* Writes `number` in decimal from `at` on, "-" for -1, which is "as it was" for most calls; where it ends. `size`: of the
 * text, a power of two. */
static __always_inline u32 ebtop_decimal(char *text, u32 at, u32 size, u32 number) {
    int begun = 0;
    if (number == ~0U) {
        text[at & (size - 1)] = '-';
        return at + 1;
    }
#pragma unroll
    for (u32 unit = 1000000000; unit; unit /= 10) {
        if (begun || number >= unit || unit == 1) {
            begun = 1;
            text[at & (size - 1)] = '0' + number / unit % 10;
            at++;
        }
    }
    return at;
}

/* Of files' modes (S_IFMT and what follows it, include/uapi/linux/stat.h), of the kernel's own threads (PF_KTHREAD,
 * include/linux/sched.h), of what packets are (ETH_P_IP, ETH_P_IPV6, include/uapi/linux/if_ether.h). */
#define EBTOP_FILE_KIND 0170000
#define EBTOP_REGULAR 0100000
#define EBTOP_FOLDER 0040000
#define EBTOP_BLOCK 0060000
#define EBTOP_KTHREAD 0x00200000
#define EBTOP_ETH_IP4 0x0800
#define EBTOP_ETH_IP6 0x86DD

/* Calls of which some fail, by process and whatever else is in the key. */
struct ebtop_calls {
    u64 calls;
    u64 failures;
    char comm[EBTOP_COMM];
};

/* One call more, where there is room for its row. */
static __always_inline void ebtop_count_call(struct ebtop_calls *row, u32 errno, struct ebtop_totals *totals) {
    if (!row) {
        totals->drops++;
        return;
    }
    ebtop_add(&row->calls, 1);
    ebtop_add(&row->failures, errno != 0);
}

/* What a system call's own tracepoints are given: as it begins, and as it returns. */
struct ebtop_enter {
    u64 common;
    u64 nr;
    u64 args[6];
};
struct ebtop_exit {
    u64 common;
    u64 nr;
    s64 ret;
};

/* A system call as it returns, from the registers that the raw tracepoint sys_exit has as its first argument: arguments are
 * still in their places. The number is that of 64-bit programs unless EBTOP_COMPAT, which needs the member
 * task_struct.thread_info.status|task_struct.thread_info.flags: TS_COMPAT (arch/x86/include/asm/thread_info.h), TIF_32BIT
 * (arch/arm64/include/asm/thread_info.h). */
#if defined(EBTOP_ARM64)
#define EBTOP_COMPAT_MEMBER flags
#define EBTOP_COMPAT_BIT (1UL << 22)
#else
#define EBTOP_COMPAT_MEMBER status
#define EBTOP_COMPAT_BIT 2U
#endif
#define EBTOP_FAILED(ret) ((u64)(ret) >= -4095ULL) /* IS_ERR_VALUE */

static __always_inline u32 ebtop_call(const struct pt_regs *regs) {
    u64 nr = 0;
#if defined(EBTOP_ARM64)
    bpf_probe_read_kernel(&nr, sizeof(regs->syscallno), &regs->syscallno);
#else
    bpf_probe_read_kernel(&nr, sizeof(nr), &regs->orig_ax);
#endif
    return nr;
}

static __always_inline u64 ebtop_argument(const struct pt_regs *regs, int place) {
    u64 value = 0;
#if defined(EBTOP_ARM64)
    bpf_probe_read_kernel(&value, sizeof(value), place ? &regs->regs[place] : &regs->orig_x0);
#else
    bpf_probe_read_kernel(&value, sizeof(value),
                          place == 0   ? &regs->di
                          : place == 1 ? &regs->si
                          : place == 2 ? &regs->dx
                          : place == 3 ? &regs->r10
                          : place == 4 ? &regs->r8
                                       : &regs->r9);
#endif
    return value;
}

#define EBTOP_COMPAT(task)                                                                                             \
    ({                                                                                                                 \
        typeof((task)->thread_info.EBTOP_COMPAT_MEMBER) ebtop_flags_of_thread = 0;                                     \
        bpf_probe_read_kernel(&ebtop_flags_of_thread, sizeof(ebtop_flags_of_thread),                                   \
                              &(task)->thread_info.EBTOP_COMPAT_MEMBER);                                               \
        (ebtop_flags_of_thread & EBTOP_COMPAT_BIT) != 0;                                                               \
    })

/* What a thread's state is by now, 0 for one that could run; the member task_struct.__state|task_struct.state is declared by
 * the probe's way. The prev_state of the tracepoint sched_switch is from before the scheduler looked for the next thread: it
 * may have let go of its lock for that, and somebody may have woken this one meanwhile. */
#if EBTOP_KERNEL >= KERNEL_VERSION(5, 14, 0)
#define EBTOP_STATE_MEMBER __state
#else
#define EBTOP_STATE_MEMBER state
#endif
#define EBTOP_STATE(task)                                                                                              \
    ({                                                                                                                 \
        typeof((task)->EBTOP_STATE_MEMBER) ebtop_state = 0;                                                            \
        bpf_probe_read_kernel(&ebtop_state, sizeof(ebtop_state), &(task)->EBTOP_STATE_MEMBER);                         \
        (u64) ebtop_state;                                                                                             \
    })

/* States and protocols of sockets: include/net/tcp_states.h, include/uapi/linux/in.h, include/linux/socket.h. */
#define EBTOP_TCP_ESTABLISHED 1
#define EBTOP_TCP_SYN_SENT 2
#define EBTOP_TCP_SYN_RECV 3
#define EBTOP_TCP_TIME_WAIT 6
#define EBTOP_TCP_CLOSE 7
#define EBTOP_TCP_LISTEN 10
#define EBTOP_TCP_NEW_SYN_RECV 12
#define EBTOP_TCP 6
#define EBTOP_UDP 17
#define EBTOP_MPTCP 262
#define EBTOP_HOP_OPTIONS 0
#define EBTOP_ROUTING 43
#define EBTOP_FRAGMENT 44
#define EBTOP_OPTIONS 60
#define EBTOP_FRAGMENT_OFFSET 0x1fff /* IP_OFFSET, include/net/ip.h */
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

/* Of two ends, the one with the higher port gives it up: that is the client's, of which each connection has another. What
 * one client and one service have with each other is one row. */
static __always_inline void ebtop_keep_service(struct ebtop_address *local, struct ebtop_address *remote) {
    if (!remote->port || (local->port && local->port < remote->port))
        remote->port = 0;
    else
        local->port = 0;
}

/* The process that holds the lock of a struct sock, 0 where none does: system calls hold it, and current is their process;
 * softirqs find it free or put off what they have. Needs the member sock.sk_lock.owned. */
#define EBTOP_HOLDER(sk)                                                                                               \
    ({                                                                                                                 \
        int ebtop_owned = 0;                                                                                           \
        bpf_probe_read_kernel(&ebtop_owned, sizeof(ebtop_owned), &(sk)->sk_lock.owned);                                \
        ebtop_owned ? (u32)(bpf_get_current_pid_tgid() >> 32) : 0;                                                     \
    })

/* The struct sock behind a file descriptor of the current process, or garbage; needs the members of EBTOP_FILE,
 * file.private_data and socket.sk. */
#define EBTOP_DESCRIPTOR(sock, descriptor)                                                                             \
    do {                                                                                                               \
        struct file *ebtop_named = 0;                                                                                  \
        struct socket *ebtop_socket = 0;                                                                               \
        EBTOP_FILE(ebtop_named, descriptor);                                                                           \
        bpf_probe_read_kernel(&ebtop_socket, sizeof(ebtop_socket), &ebtop_named->private_data);                        \
        bpf_probe_read_kernel(&(sock), sizeof(sock), &ebtop_socket->sk);                                               \
    } while (0)

/* (sk, msg, length, flags, address's length) -> bytes: the functions that receive, in a program of kind fexit; before 5.19
 * with noblock before the flags. */
#if EBTOP_KERNEL >= KERNEL_VERSION(5, 19, 0)
#define EBTOP_RECEIVE_FLAGS 3
#define EBTOP_RECEIVE_ARGUMENTS 5
#else
#define EBTOP_RECEIVE_FLAGS 4
#define EBTOP_RECEIVE_ARGUMENTS 6
#endif
#define EBTOP_PEEK 2 /* MSG_PEEK, include/linux/socket.h */

/* What an IP packet's headers say; ends have ports where its protocol has them, in its first fragment. */
struct ebtop_packet {
    struct ebtop_address source;
    struct ebtop_address destination;
    u32 version; /* 4, 6, or what is no IP */
    u32 protocol;
    const u8 *data; /* what UDP carries, 0 unless the ends have ports */
};

/* Over the extension headers of IPv6 (RFC 8200, 4) from `at` on: what follows is packet->protocol; the fragment's offset. */
#define EBTOP_EXTENSIONS 4
static __always_inline const u8 *ebtop_skip_extensions(struct ebtop_packet *packet, const u8 *at, u16 *fragment) {
#pragma unroll
    for (int count = 0; count < EBTOP_EXTENSIONS; count++) {
        u8 header[4] = {};
        u32 kind = packet->protocol, is_fragment = kind == EBTOP_FRAGMENT;
        if (*fragment || (!is_fragment && kind != EBTOP_HOP_OPTIONS && kind != EBTOP_ROUTING && kind != EBTOP_OPTIONS))
            break;
        bpf_probe_read_kernel(header, sizeof(header), at);
        packet->protocol = header[0];
        if (is_fragment)
            *fragment = header[2] << 5 | header[3] >> 3;
        at += is_fragment ? 8 : (header[1] + 1) * 8;
    }
    return at;
}

/* Where the transport's header begins is said by the network's: the packet's own member may not be set yet. */
static __always_inline void ebtop_read_packet(struct ebtop_packet *packet, const u8 *network) {
    const u8 *transport = network;
    u8 first = 0, protocol = 0;
    u16 fragment = 0, ports[2] = {};
    bpf_probe_read_kernel(&first, 1, network);
    packet->version = first >> 4;
    if (packet->version == 6) {
        bpf_probe_read_kernel(&protocol, 1, network + 6);
        bpf_probe_read_kernel(packet->source.ip, 16, network + 8);
        bpf_probe_read_kernel(packet->destination.ip, 16, network + 24);
        packet->protocol = protocol;
        transport = ebtop_skip_extensions(packet, network + 40, &fragment);
    } else if (packet->version == 4) {
        bpf_probe_read_kernel(&fragment, 2, network + 6);
        bpf_probe_read_kernel(&protocol, 1, network + 9);
        ebtop_read_ip(&packet->source, EBTOP_INET, network + 12, 0);
        ebtop_read_ip(&packet->destination, EBTOP_INET, network + 16, 0);
        packet->protocol = protocol;
        fragment = bpf_ntohs(fragment) & EBTOP_FRAGMENT_OFFSET;
        transport += (first & 15) * 4;
    }
    if (fragment || (packet->protocol != EBTOP_TCP && packet->protocol != EBTOP_UDP))
        return;
    bpf_probe_read_kernel(ports, sizeof(ports), transport);
    packet->source.port = bpf_ntohs(ports[0]);
    packet->destination.port = bpf_ntohs(ports[1]);
    packet->data = transport + 8;
}

/* Of a struct sk_buff; needs its members head and network_header. */
#define EBTOP_PACKET(packet, skb)                                                                                      \
    do {                                                                                                               \
        u8 *ebtop_head = 0;                                                                                            \
        u16 ebtop_network = 0;                                                                                         \
        bpf_probe_read_kernel(&ebtop_head, sizeof(ebtop_head), &(skb)->head);                                          \
        bpf_probe_read_kernel(&ebtop_network, 2, &(skb)->network_header);                                              \
        ebtop_read_packet((packet), ebtop_head + ebtop_network);                                                       \
    } while (0)

/* Open files; their members are declared by the probe's way, see probes/fields.py. EBTOP_FILE: the struct file that the
 * current process has as `descriptor`, 0 where it has none. EBTOP_FILE_NAME: the last part of its path into a zeroed array,
 * cut where that ends; a pipe has none, a socket has that of its protocol. */
#define EBTOP_FILE(file, descriptor)                                                                                   \
    do {                                                                                                               \
        struct task_struct *ebtop_task = (void *)bpf_get_current_task();                                               \
        struct files_struct *ebtop_files = 0;                                                                          \
        struct fdtable *ebtop_table = 0;                                                                               \
        struct file **ebtop_open = 0;                                                                                  \
        u32 ebtop_size = 0;                                                                                            \
        (file) = 0;                                                                                                    \
        bpf_probe_read_kernel(&ebtop_files, sizeof(ebtop_files), &ebtop_task->files);                                  \
        bpf_probe_read_kernel(&ebtop_table, sizeof(ebtop_table), &ebtop_files->fdt);                                   \
        bpf_probe_read_kernel(&ebtop_size, sizeof(ebtop_size), &ebtop_table->max_fds);                                 \
        bpf_probe_read_kernel(&ebtop_open, sizeof(ebtop_open), &ebtop_table->fd);                                      \
        if ((u32)(descriptor) < ebtop_size)                                                                            \
            bpf_probe_read_kernel(&(file), sizeof(file), &ebtop_open[(u32)(descriptor)]);                              \
    } while (0)
#define EBTOP_FILE_NAME(text, file)                                                                                    \
    do {                                                                                                               \
        struct dentry *ebtop_dentry = 0;                                                                               \
        const unsigned char *ebtop_name = 0;                                                                           \
        bpf_probe_read_kernel(&ebtop_dentry, sizeof(ebtop_dentry), &(file)->f_path.dentry);                            \
        bpf_probe_read_kernel(&ebtop_name, sizeof(ebtop_name), &ebtop_dentry->d_name.name);                            \
        bpf_probe_read_kernel_str((text), sizeof(text), ebtop_name);                                                   \
    } while (0)
