/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Calls that wait until data is on disk: fsync, fdatasync, sync_file_range, syncfs, sync and msync, by process and file, from
 * entering the call to its return.
 *
 * The file's name is read as the call begins: another thread may close the descriptor meanwhile. The start of a call lies in
 * a slot per thread that the next start overwrites. */
#ifndef FSYNC_ROWS
#define FSYNC_ROWS 8192
#endif
#define FSYNC_STARTS 32768 /* threads that live and have made such a call */
#define FSYNC_NAME 64
#define FSYNC_FSYNC 0
#define FSYNC_FDATASYNC 1
#define FSYNC_RANGE 2
#define FSYNC_SYNCFS 3
#define FSYNC_SYNC 4
#define FSYNC_MSYNC 5
#define FSYNC_CALLS 8

struct fsync_key {
    u32 pid;
    u32 call;
    char file[FSYNC_NAME];
};

struct fsync_value {
    u64 calls;
    u64 errors;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct fsync_start {
    u64 ns; /* 0: no call is open */
    struct fsync_key key;
};

struct fsync_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 call;
    char file[FSYNC_NAME];
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct fsync_key, struct fsync_value, fsync_rows, FSYNC_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, fsync_latency, FSYNC_CALLS);
EBTOP_WORST(fsync, struct fsync_example);
EBTOP_COUNTERS(struct ebtop_totals, fsync_totals, 1);
BPF_HASH(fsync_starts, u64, struct fsync_start, FSYNC_STARTS);

static __always_inline int fsync_begin(u32 call, struct file *file) {
    u64 task = bpf_get_current_task();
    struct fsync_start start = {.key = {.pid = bpf_get_current_pid_tgid() >> 32, .call = call}};
    if (ebtop_is_left_out(start.key.pid))
        return 0;
    if (file)
        EBTOP_FILE_NAME(start.key.file, file);
    start.ns = bpf_ktime_get_ns();
    fsync_starts.update(&task, &start);
    return 0;
}

static __always_inline int fsync_begin_of(u32 call, struct ebtop_enter *ctx) {
    struct file *file;
    EBTOP_FILE(file, ctx->args[0]);
    return fsync_begin(call, file);
}

int fsync_enter_fsync(struct ebtop_enter *ctx) {
    return fsync_begin_of(FSYNC_FSYNC, ctx);
}

int fsync_enter_fdatasync(struct ebtop_enter *ctx) {
    return fsync_begin_of(FSYNC_FDATASYNC, ctx);
}

int fsync_enter_range(struct ebtop_enter *ctx) {
    return fsync_begin_of(FSYNC_RANGE, ctx);
}

int fsync_enter_syncfs(struct ebtop_enter *ctx) {
    return fsync_begin_of(FSYNC_SYNCFS, ctx);
}

int fsync_enter_sync(void *ctx) {
    return fsync_begin(FSYNC_SYNC, 0);
}

int fsync_enter_msync(void *ctx) {
    return fsync_begin(FSYNC_MSYNC, 0);
}

static __always_inline void fsync_keep(u32 cpu, u64 bucket, u64 ns, struct fsync_key *key) {
    u32 only = 0;
    u64 *running = fsync_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(cpu, epoch, bucket);
    struct fsync_example *worst = fsync_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = key->pid;
    worst->call = key->call;
    __builtin_memcpy(worst->file, key->file, sizeof(worst->file));
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

int fsync_exit(struct ebtop_exit *ctx) {
    u64 task = bpf_get_current_task(), now = bpf_ktime_get_ns();
    u32 cpu = bpf_get_smp_processor_id(), pid = bpf_get_current_pid_tgid() >> 32;
    struct ebtop_totals *totals = fsync_totals.lookup(&cpu);
    struct fsync_start *start = fsync_starts.lookup(&task);
    struct fsync_value empty = {}, *row;
    u64 began = start ? start->ns : 0, ns = ebtop_elapsed(began, now);
    if (start)
        start->ns = 0;
    if (!totals || ebtop_is_left_out(pid))
        return 0;
    if (!start || !began) {
        totals->unmatched++;
        return 0;
    }
    u32 index = cpu * FSYNC_CALLS + (start->key.call & (FSYNC_CALLS - 1));
    struct ebtop_histogram *latency = fsync_latency.lookup(&index);
    totals->total++;
    if (latency)
        fsync_keep(cpu, ebtop_observe(latency, ns), ns, &start->key);
    row = fsync_rows.lookup(&start->key);
    if (!row) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = fsync_rows.lookup_or_try_init(&start->key, &empty);
    }
    if (!row) {
        totals->drops++;
        return 0;
    }
    ebtop_add(&row->calls, 1);
    ebtop_add(&row->errors, ctx->ret < 0);
    ebtop_add(&row->ns, ns);
    if (ns > row->max_ns)
        row->max_ns = ns;
    return 0;
}

int fsync_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    fsync_starts.delete(&task);
    return 0;
}
