/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How long file systems take: system calls on regular files and folders, from sys_enter_X to sys_exit_X, by operation, type
 * of file system and device, whatever the type is.
 *
 * Which file it is, is looked up as the call begins; of an open, as it returns. The start of a call lies in one slot per CPU
 * and moves to a hash by task only when the scheduler takes the thread off its CPU in mid-call: see syscalls.c. */
#ifndef FSLAT_ROWS
#define FSLAT_ROWS 8192
#endif
#define FSLAT_STARTS 32768 /* threads that live and have slept in such a call */
#define FSLAT_TYPES 256    /* operations and types of file systems */
#define FSLAT_TYPE 16
#define FSLAT_NAME 32
#define FSLAT_READ 0
#define FSLAT_WRITE 1
#define FSLAT_OPEN 2
#define FSLAT_SYNC 3
#define FSLAT_LIST 4
#define FSLAT_TRUNCATE 5
#define FSLAT_ALLOCATE 6

struct fslat_type {
    u32 operation;
    char type[FSLAT_TYPE];
};

struct fslat_key {
    u32 pid;
    u32 device;
    u32 operation;
    char type[FSLAT_TYPE];
};

struct fslat_row {
    u64 calls;
    u64 errors;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct fslat_start {
    u64 ns;   /* 0: no call on a file is open */
    u64 file; /* struct file; 0 where the call opens it */
};

struct fslat_slot {
    struct fslat_start start;
    u64 watched; /* whether switches on this CPU are seen: else a start would be left to whoever comes next */
    u64 rest[5]; /* a cache line for each CPU */
};

struct fslat_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 operation;
    char type[FSLAT_TYPE];
    char file[FSLAT_NAME];
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct fslat_key, struct fslat_row, fslat_rows, FSLAT_ROWS);
BPF_TABLE("percpu_hash", struct fslat_type, struct ebtop_histogram, fslat_latency, FSLAT_TYPES);
BPF_ARRAY(fslat_empty, struct ebtop_histogram, 1);
EBTOP_WORST(fslat, struct fslat_example);
EBTOP_COUNTERS(struct ebtop_totals, fslat_totals, 1);
BPF_ARRAY(fslat_slots, struct fslat_slot, EBTOP_CPUS);
BPF_HASH(fslat_starts, u64, struct fslat_start, FSLAT_STARTS);

static __always_inline struct inode *fslat_inode(struct file *file) {
    struct inode *inode = 0;
    bpf_probe_read_kernel(&inode, sizeof(inode), &file->f_inode);
    return inode;
}

/* Whether it is a file or folder, no device, pipe or socket. */
static __always_inline int fslat_is_stored(struct file *file) {
    struct inode *inode = fslat_inode(file);
    u16 mode = 0;
    bpf_probe_read_kernel(&mode, sizeof(mode), &inode->i_mode);
    mode &= EBTOP_FILE_KIND;
    return mode == EBTOP_REGULAR || mode == EBTOP_FOLDER;
}

int fslat_enter(struct ebtop_enter *ctx) { /* (descriptor, …) */
    u32 cpu = bpf_get_smp_processor_id();
    struct fslat_slot *slot = fslat_slots.lookup(&cpu);
    struct file *file;
    if (!slot || !slot->watched)
        return 0;
    EBTOP_FILE(file, ctx->args[0]);
    slot->start.file = (u64)file;
    slot->start.ns = file && fslat_is_stored(file) ? bpf_ktime_get_ns() : 0;
    return 0;
}

int fslat_enter_open(void *ctx) {
    u32 cpu = bpf_get_smp_processor_id();
    struct fslat_slot *slot = fslat_slots.lookup(&cpu);
    if (slot && slot->watched) {
        slot->start.file = 0;
        slot->start.ns = bpf_ktime_get_ns();
    }
    return 0;
}

/* Ends this thread's call: its start in `start`, whose ns is 0 when none on a file is open. */
static __always_inline void fslat_end(struct fslat_start *start) {
    u32 cpu = bpf_get_smp_processor_id();
    struct fslat_slot *slot = fslat_slots.lookup(&cpu);
    struct fslat_start *found = slot && slot->start.ns ? &slot->start : 0;
    if (!found) {
        u64 task = bpf_get_current_task();
        found = fslat_starts.lookup(&task);
    }
    if (!found)
        return;
    *start = *found;
    found->ns = 0;
}

static __always_inline void fslat_keep(u64 bucket, u64 ns, struct fslat_key *key, struct file *file) {
    u32 only = 0;
    u64 *running = fslat_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(bpf_get_smp_processor_id(), epoch, bucket);
    struct fslat_example *worst = fslat_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = key->pid;
    worst->operation = key->operation;
    __builtin_memcpy(worst->type, key->type, sizeof(worst->type));
    __builtin_memset(worst->file, 0, sizeof(worst->file));
    EBTOP_FILE_NAME(worst->file, file);
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

/* 1 where there is no room for another operation or type. */
static __always_inline int fslat_observe(struct fslat_key *key, u64 ns, struct file *file) {
    struct fslat_type type = {.operation = key->operation};
    u32 only = 0;
    struct ebtop_histogram *empty = fslat_empty.lookup(&only), *latency;
    __builtin_memcpy(type.type, key->type, sizeof(type.type));
    if (!empty)
        return 1;
    latency = fslat_latency.lookup_or_try_init(&type, empty);
    if (!latency)
        return 1;
    fslat_keep(ebtop_observe(latency, ns), ns, key, file);
    return 0;
}

static __always_inline struct fslat_row *fslat_row(struct fslat_key *key, struct ebtop_totals *totals) {
    struct fslat_row *row = fslat_rows.lookup(key), empty = {};
    if (row)
        return row;
    bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
    row = fslat_rows.lookup_or_try_init(key, &empty);
    if (!row)
        totals->drops++;
    return row;
}

static __always_inline int fslat_returned(u32 operation, s64 ret) {
    u32 cpu = bpf_get_smp_processor_id();
    u64 now = bpf_ktime_get_ns();
    struct ebtop_totals *totals = fslat_totals.lookup(&cpu);
    struct fslat_key key = {.pid = bpf_get_current_pid_tgid() >> 32, .operation = operation};
    struct fslat_start start = {};
    fslat_end(&start);
    if (!start.ns || !totals || (operation == FSLAT_OPEN && ret < 0) || ebtop_is_left_out(key.pid))
        return 0;
    struct file *file = (struct file *)start.file;
    if (operation == FSLAT_OPEN) {
        EBTOP_FILE(file, ret);
        if (!file || !fslat_is_stored(file))
            return 0;
    }
    struct inode *inode = fslat_inode(file);
    struct super_block *super = 0;
    struct file_system_type *type = 0;
    const char *name = 0;
    bpf_probe_read_kernel(&super, sizeof(super), &inode->i_sb);
    bpf_probe_read_kernel(&key.device, sizeof(key.device), &super->s_dev);
    bpf_probe_read_kernel(&type, sizeof(type), &super->s_type);
    bpf_probe_read_kernel(&name, sizeof(name), &type->name);
    bpf_probe_read_kernel_str(key.type, sizeof(key.type), name);
    u64 ns = ebtop_elapsed(start.ns, now);
    totals->total++;
    totals->lost += fslat_observe(&key, ns, file);
    struct fslat_row *row = fslat_row(&key, totals);
    if (!row)
        return 0;
    row->calls++;
    row->errors += ret < 0;
    row->ns += ns;
    if (ns > row->max_ns)
        row->max_ns = ns;
    return 0;
}

int fslat_read(struct ebtop_exit *ctx) {
    return fslat_returned(FSLAT_READ, ctx->ret);
}

int fslat_write(struct ebtop_exit *ctx) {
    return fslat_returned(FSLAT_WRITE, ctx->ret);
}

int fslat_open(struct ebtop_exit *ctx) {
    return fslat_returned(FSLAT_OPEN, ctx->ret);
}

int fslat_sync(struct ebtop_exit *ctx) {
    return fslat_returned(FSLAT_SYNC, ctx->ret);
}

int fslat_list(struct ebtop_exit *ctx) {
    return fslat_returned(FSLAT_LIST, ctx->ret);
}

int fslat_truncate(struct ebtop_exit *ctx) {
    return fslat_returned(FSLAT_TRUNCATE, ctx->ret);
}

int fslat_allocate(struct ebtop_exit *ctx) {
    return fslat_returned(FSLAT_ALLOCATE, ctx->ret);
}

int fslat_switch(struct bpf_raw_tracepoint_args *ctx) { /* (preempt, prev, next) */
    u32 cpu = bpf_get_smp_processor_id();
    u64 task = ctx->args[1];
    struct fslat_slot *slot = fslat_slots.lookup(&cpu);
    if (!slot)
        return 0;
    if (!slot->watched)
        slot->watched = 1;
    if (!slot->start.ns)
        return 0;
    struct ebtop_totals *totals = fslat_totals.lookup(&cpu);
    if (fslat_starts.update(&task, &slot->start) && totals && !ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        totals->unmatched++; /* no room: it will end without a start, like calls on what is no file */
    slot->start.ns = 0;
    return 0;
}

int fslat_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    fslat_starts.delete(&task);
    return 0;
}
