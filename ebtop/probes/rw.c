/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Reads and writes by process: calls, bytes that they returned, and the time from sys_enter_X to sys_exit_X.
 *
 * Only positive returns are bytes. The system calls' own tracepoints, not raw sys_enter and sys_exit with a filter: those
 * cost every other system call three times as much. The start of a call lies in one slot per CPU and moves to a hash by
 * task only when the scheduler takes the thread off its CPU in mid-call: see syscalls.c. */
#ifndef RW_ROWS
#define RW_ROWS 16384
#endif
#define RW_STARTS 32768 /* threads that live and have slept in such a call */
#define RW_READ 0
#define RW_WRITE 1
#define RW_DIRECTIONS 2

struct rw_key {
    u32 pid;
};

struct rw_value {
    u64 calls;
    u64 reads;
    u64 writes;
    u64 read_bytes;
    u64 write_bytes;
    u64 errors;
    u64 ns;
    char comm[EBTOP_COMM];
};

struct rw_slot {
    u64 ns;      /* 0: no call is open */
    u64 watched; /* whether switches on this CPU are seen: else a start would be left to whoever comes next */
    u64 rest[6];
};

struct rw_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 direction;
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct rw_key, struct rw_value, rw_calls, RW_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, rw_sizes, RW_DIRECTIONS);
EBTOP_COUNTERS(struct ebtop_histogram, rw_latency, RW_DIRECTIONS);
EBTOP_COUNTERS(struct rw_example, rw_sizes_worst, EBTOP_EXAMPLES);
EBTOP_COUNTERS(struct rw_example, rw_latency_worst, EBTOP_EXAMPLES);
EBTOP_EPOCH(rw_epoch);
EBTOP_COUNTERS(struct ebtop_totals, rw_totals, 1);
BPF_ARRAY(rw_slots, struct rw_slot, EBTOP_CPUS);
BPF_HASH(rw_starts, u64, u64, RW_STARTS);

/* Nanoseconds since this thread's call began, 0 when that was not seen. */
static __always_inline u64 rw_time(u32 cpu) {
    u64 now = bpf_ktime_get_ns();
    struct rw_slot *slot = rw_slots.lookup(&cpu);
    if (!slot)
        return 0;
    u64 *start = &slot->ns;
    if (!*start) {
        u64 task = bpf_get_current_task();
        start = rw_starts.lookup(&task);
    }
    if (!start || !*start)
        return 0;
    u64 ns = ebtop_elapsed(*start, now);
    *start = 0;
    return ns ? ns : 1;
}

static __always_inline struct rw_value *rw_row(struct ebtop_totals *totals, u32 pid) {
    struct rw_key key = {.pid = pid};
    struct rw_value *row = rw_calls.lookup(&key);
    if (row)
        return row;
    struct rw_value empty = {};
    bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
    rw_calls.update(&key, &empty);
    row = rw_calls.lookup(&key);
    if (!row)
        totals->drops++;
    return row;
}

static __always_inline void rw_keep(struct rw_example *worst, u64 epoch, u64 value, u32 direction) {
    if (!worst || !ebtop_is_worse(worst, epoch, value))
        return;
    worst->pid = bpf_get_current_pid_tgid() >> 32;
    worst->direction = direction;
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline void rw_observe(u32 cpu, u32 direction, u64 ns, s64 bytes) {
    u32 index = cpu * RW_DIRECTIONS + direction, only = 0;
    struct ebtop_histogram *sizes = rw_sizes.lookup(&index), *latency = rw_latency.lookup(&index);
    u64 *running = rw_epoch.lookup(&only), epoch = running ? *running : 0;
    if (sizes && bytes >= 0) {
        index = ebtop_example(cpu, epoch, ebtop_observe(sizes, bytes));
        rw_keep(rw_sizes_worst.lookup(&index), epoch, bytes, direction);
    }
    if (latency && ns) {
        index = ebtop_example(cpu, epoch, ebtop_observe(latency, ns));
        rw_keep(rw_latency_worst.lookup(&index), epoch, ns, direction);
    }
}

/* One call that returned `ret`, which was a read, a write or both; `counts`: what it returns is bytes. */
static __always_inline int rw_returned(s64 ret, int is_read, int is_write, int counts) {
    u32 cpu = bpf_get_smp_processor_id(), pid = bpf_get_current_pid_tgid() >> 32;
    u64 ns = rw_time(cpu);
    struct ebtop_totals *totals = rw_totals.lookup(&cpu);
    if (!totals || ebtop_is_left_out(pid))
        return 0;
    totals->total++;
    if (!ns)
        totals->unmatched++;
    s64 bytes = counts ? ret : -1;
    if (is_read)
        rw_observe(cpu, RW_READ, ns, bytes);
    if (is_write)
        rw_observe(cpu, RW_WRITE, ns, bytes);
    struct rw_value *row = rw_row(totals, pid);
    if (!row)
        return 0;
    row->calls++;
    row->ns += ns;
    row->reads += is_read;
    row->writes += is_write;
    row->errors += ret < 0;
    if (is_read && bytes > 0)
        row->read_bytes += bytes;
    if (is_write && bytes > 0)
        row->write_bytes += bytes;
    return 0;
}

int rw_enter(void *ctx) {
    u32 cpu = bpf_get_smp_processor_id();
    struct rw_slot *slot = rw_slots.lookup(&cpu);
    if (slot && slot->watched)
        slot->ns = bpf_ktime_get_ns();
    return 0;
}

int rw_read(struct ebtop_exit *ctx) {
    return rw_returned(ctx->ret, 1, 0, 1);
}

int rw_write(struct ebtop_exit *ctx) {
    return rw_returned(ctx->ret, 0, 1, 1);
}

int rw_copy(struct ebtop_exit *ctx) {
    return rw_returned(ctx->ret, 1, 1, 1);
}

int rw_receive_messages(struct ebtop_exit *ctx) {
    return rw_returned(ctx->ret, 1, 0, 0);
}

int rw_send_messages(struct ebtop_exit *ctx) {
    return rw_returned(ctx->ret, 0, 1, 0);
}

int rw_switch(struct bpf_raw_tracepoint_args *ctx) {
    u32 cpu = bpf_get_smp_processor_id();
    u64 task = ctx->args[1];
    struct rw_slot *slot = rw_slots.lookup(&cpu);
    if (!slot)
        return 0;
    if (!slot->watched)
        slot->watched = 1;
    if (!slot->ns)
        return 0;
    rw_starts.update(&task, &slot->ns);
    slot->ns = 0;
    return 0;
}

int rw_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    rw_starts.delete(&task);
    return 0;
}
