/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Waits for locks of the kernel: from the first contention_begin of a task for a lock to the contention_end. A mutex may begin
 * more than once, as it spins and sleeps in turns (__mutex_lock_common, kernel/locking/mutex.c).
 *
 * This runs while locks are waited for, those of BPF's own hash maps among them. So the starts lie in an array that takes
 * no lock: in the place that task and lock hash to. Who finds his place taken by another overwrites that, and the other
 * wait ends unmatched. */
#ifndef LOCKS_ROWS
#define LOCKS_ROWS 16384
#endif
#define LOCKS_STARTS 65536
#define LOCKS_HASH 0x9e3779b97f4a7c15ULL /* 2^64 / golden ratio: include/linux/hash.h */
#define LOCKS_SPIN 1                     /* LCB_F_…, include/trace/events/lock.h */
#define LOCKS_MUTEX 32

struct locks_key {
    u32 pid;
    u32 kind;
};

struct locks_value {
    u64 waits;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct locks_start {
    u64 task; /* 0: free */
    u64 lock;
    u64 ns;
    u64 kind;
};

struct locks_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 kind;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct locks_key, struct locks_value, locks_rows, LOCKS_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, locks_times, 1);
EBTOP_WORST(locks, struct locks_example);
EBTOP_COUNTERS(struct ebtop_totals, locks_totals, 1);
BPF_ARRAY(locks_starts, struct locks_start, LOCKS_STARTS);

static __always_inline struct locks_start *locks_place(u64 task, u64 lock) {
    u32 place = (task ^ lock * LOCKS_HASH) * LOCKS_HASH >> 48;
    return locks_starts.lookup(&place);
}

int locks_begin(struct bpf_raw_tracepoint_args *ctx) { /* (lock, flags) */
    u64 task = bpf_get_current_task(), lock = ctx->args[0];
    u32 kind = ctx->args[1];
    struct locks_start *start = locks_place(task, lock);
    if (!start || (kind & LOCKS_MUTEX && start->task == task && start->lock == lock))
        return 0; /* of any other kind that is a wait whose end was not seen */
    start->task = 0;
    asm volatile("" : : : "memory");
    start->lock = lock;
    start->kind = kind & LOCKS_MUTEX ? kind & ~LOCKS_SPIN : kind;
    start->ns = bpf_ktime_get_ns();
    asm volatile("" : : : "memory");
    start->task = task;
    return 0;
}

static __always_inline void locks_keep(struct locks_key *key, u32 cpu, u64 bucket, u64 ns) {
    u32 only = 0;
    u64 *running = locks_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct locks_example *worst = locks_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = key->pid;
    worst->kind = key->kind;
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline void locks_count(struct locks_key *key, u64 ns, struct ebtop_totals *totals) {
    struct locks_value empty = {};
    struct locks_value *row = locks_rows.lookup(key);
    if (!row) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = locks_rows.lookup_or_try_init(key, &empty);
    }
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return;
    }
    ebtop_add(&row->waits, 1);
    ebtop_add(&row->ns, ns);
    if (ns > row->max_ns)
        row->max_ns = ns;
}

int locks_end(struct bpf_raw_tracepoint_args *ctx) { /* (lock, ret) */
    u64 now = bpf_ktime_get_ns(), task = bpf_get_current_task(), lock = ctx->args[0];
    u32 cpu = bpf_get_smp_processor_id();
    struct locks_key key = {.pid = bpf_get_current_pid_tgid() >> 32};
    struct ebtop_totals *totals = locks_totals.lookup(&cpu);
    struct ebtop_histogram *times = locks_times.lookup(&cpu);
    struct locks_start *start = locks_place(task, lock);
    if (!totals || !times || !start)
        return 0;
    u64 ns = ebtop_elapsed(start->ns, now);
    key.kind = start->kind;
    asm volatile("" : : : "memory"); /* whoever overwrites it has let go of it by the time that those are another's */
    int mine = start->task == task && start->lock == lock;
    if (mine)
        start->task = 0;
    if (ebtop_is_left_out(key.pid))
        return 0;
    if (!mine) {
        ebtop_add(&totals->unmatched, 1);
        return 0;
    }
    ebtop_add(&totals->total, 1);
    locks_keep(&key, cpu, ebtop_observe_atomic(times, ns), ns);
    locks_count(&key, ns, totals);
    return 0;
}
