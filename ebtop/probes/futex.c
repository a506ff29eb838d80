/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Waits in futex calls: from entering the call to leaving it. A lock or semaphore of the C library makes such a call only
 * when it has to wait, and one to wake who waits; those are not counted. The start of a wait lies in a slot per thread that
 * the next start overwrites, with 0 for "does not wait". */
#ifndef FUTEX_ROWS
#define FUTEX_ROWS 16384
#endif
#ifndef FUTEX_STARTS
#define FUTEX_STARTS 32768 /* threads that live and have waited */
#endif
#define FUTEX_COMMAND 0x7f /* FUTEX_CMD_MASK and commands: include/uapi/linux/futex.h */
#define FUTEX_WAIT 0
#define FUTEX_LOCK_PI 6
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAIT_REQUEUE_PI 11
#define FUTEX_LOCK_PI2 13
#define FUTEX_ETIMEDOUT 110
#define FUTEX_EAGAIN 11

struct futex_key {
    u32 pid;
    u32 unused;
    u64 address;
};

struct futex_value {
    u64 waits;
    u64 timeouts;
    u64 changed;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct futex_start {
    u64 ns;
    u64 address;
};

struct futex_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u64 address;
    u32 pid;
    u32 unused;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct futex_key, struct futex_value, futex_rows, FUTEX_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, futex_times, 1);
EBTOP_WORST(futex, struct futex_example);
EBTOP_COUNTERS(struct ebtop_totals, futex_totals, 1);
BPF_HASH(futex_starts, u64, struct futex_start, FUTEX_STARTS);

static __always_inline int futex_begin(u64 address) {
    u64 task = bpf_get_current_task();
    u32 cpu = bpf_get_smp_processor_id();
    struct futex_start start = {.ns = bpf_ktime_get_ns(), .address = address};
    struct ebtop_totals *totals = futex_totals.lookup(&cpu);
    if (totals && !ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32) && futex_starts.update(&task, &start))
        totals->unmatched++; /* no room: it will end without a start, like calls that do not wait */
    return 0;
}

int futex_enter(struct ebtop_enter *ctx) { /* (address, operation, …) */
    u64 command = ctx->args[1] & FUTEX_COMMAND;
    if (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
        command == FUTEX_WAIT_REQUEUE_PI || command == FUTEX_LOCK_PI2)
        return futex_begin(ctx->args[0]);
    return 0;
}

int futex_enter_wait(struct ebtop_enter *ctx) { /* futex_wait (address, …) */
    return futex_begin(ctx->args[0]);
}

int futex_enter_many(struct ebtop_enter *ctx) { /* futex_waitv (struct futex_waitv { value, address, … } *, …) */
    u64 address = 0;
    bpf_probe_read_user(&address, sizeof(address), (void *)(ctx->args[0] + sizeof(address)));
    return futex_begin(address);
}

static __always_inline void futex_keep(struct futex_key *key, u32 cpu, u64 bucket, u64 ns) {
    u32 only = 0;
    u64 *running = futex_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct futex_example *worst = futex_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = key->pid;
    worst->address = key->address;
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline void futex_count(struct futex_key *key, u64 ns, s64 ret, struct ebtop_totals *totals) {
    struct futex_value empty = {};
    struct futex_value *row = futex_rows.lookup(key);
    if (!row) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = futex_rows.lookup_or_try_init(key, &empty);
    }
    if (!row) {
        totals->drops++;
        return;
    }
    ebtop_add(&row->waits, 1);
    ebtop_add(&row->timeouts, ret == -FUTEX_ETIMEDOUT);
    ebtop_add(&row->changed, ret == -FUTEX_EAGAIN);
    ebtop_add(&row->ns, ns);
    if (ns > row->max_ns)
        row->max_ns = ns;
}

int futex_exit(struct ebtop_exit *ctx) {
    u64 now = bpf_ktime_get_ns(), task = bpf_get_current_task();
    u32 cpu = bpf_get_smp_processor_id();
    struct futex_start *start = futex_starts.lookup(&task);
    struct ebtop_totals *totals = futex_totals.lookup(&cpu);
    struct ebtop_histogram *times = futex_times.lookup(&cpu);
    if (!start || !start->ns || !totals || !times)
        return 0; /* no wait, or one that had begun before we came */
    struct futex_key key = {.pid = bpf_get_current_pid_tgid() >> 32, .address = start->address};
    u64 ns = ebtop_elapsed(start->ns, now);
    start->ns = 0;
    if (ebtop_is_left_out(key.pid)) /* by now */
        return 0;
    totals->total++;
    futex_keep(&key, cpu, ebtop_observe(times, ns), ns);
    futex_count(&key, ns, ctx->ret, totals);
    return 0;
}

int futex_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    futex_starts.delete(&task);
    return 0;
}
