/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Reads and writes by file: calls, bytes that they returned, and the time from sys_enter_X to sys_exit_X. Regular files and
 * block devices; pipes, sockets and terminals are none.
 *
 * Which file it is, is looked up as the call begins, while the descriptor is sure to be open. The start of a call lies in one
 * slot per CPU and moves to a hash by task only when the scheduler takes the thread off its CPU in mid-call: see
 * syscalls.c. */
#ifndef FILES_ROWS
#define FILES_ROWS 16384
#endif
#define FILES_STARTS 32768 /* threads that live and have slept in such a call */
#define FILES_NAME 48
#define FILES_READ 0
#define FILES_WRITE 1
#define FILES_DIRECTIONS 2

struct files_key {
    u32 pid;
    u32 device;
    u64 inode;
    char file[FILES_NAME];
};

struct files_row {
    u64 calls;
    u64 reads;
    u64 writes;
    u64 read_bytes;
    u64 write_bytes;
    u64 errors;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};

struct files_start {
    u64 ns; /* 0: no call on a file is open */
    u64 file;
};

struct files_slot {
    struct files_start start;
    u64 watched; /* whether switches on this CPU are seen: else a start would be left to whoever comes next */
    u64 rest[5]; /* a cache line for each CPU */
};

struct files_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 direction;
    char file[FILES_NAME];
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct files_key, struct files_row, files_rows, FILES_ROWS);
EBTOP_COUNTERS(struct ebtop_histogram, files_latency, FILES_DIRECTIONS);
EBTOP_WORST(files, struct files_example);
EBTOP_COUNTERS(struct ebtop_totals, files_totals, 1);
BPF_ARRAY(files_slots, struct files_slot, EBTOP_CPUS);
BPF_HASH(files_starts, u64, struct files_start, FILES_STARTS);

int files_enter(struct ebtop_enter *ctx) { /* (descriptor, …) */
    u32 cpu = bpf_get_smp_processor_id();
    struct files_slot *slot = files_slots.lookup(&cpu);
    struct inode *inode = 0;
    struct file *file;
    u16 mode = 0;
    if (!slot || !slot->watched)
        return 0;
    EBTOP_FILE(file, ctx->args[0]);
    bpf_probe_read_kernel(&inode, sizeof(inode), &file->f_inode);
    bpf_probe_read_kernel(&mode, sizeof(mode), &inode->i_mode);
    mode &= EBTOP_FILE_KIND;
    slot->start.file = (u64)file;
    slot->start.ns = mode == EBTOP_REGULAR || mode == EBTOP_BLOCK ? bpf_ktime_get_ns() : 0;
    return 0;
}

/* Ends this thread's call: its start in `start`, whose ns is 0 when none on a file is open. */
static __always_inline void files_end(struct files_start *start) {
    u32 cpu = bpf_get_smp_processor_id();
    struct files_slot *slot = files_slots.lookup(&cpu);
    struct files_start *found = slot && slot->start.ns ? &slot->start : 0;
    if (!found) {
        u64 task = bpf_get_current_task();
        found = files_starts.lookup(&task);
    }
    if (!found)
        return;
    *start = *found;
    found->ns = 0;
}

static __always_inline void files_observe(u32 direction, u64 ns, struct files_key *key) {
    u32 cpu = bpf_get_smp_processor_id(), index = cpu * FILES_DIRECTIONS + direction, only = 0;
    struct ebtop_histogram *latency = files_latency.lookup(&index);
    u64 *running = files_epoch.lookup(&only), epoch = running ? *running : 0;
    if (!latency)
        return;
    index = ebtop_example(cpu, epoch, ebtop_observe(latency, ns));
    struct files_example *worst = files_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = key->pid;
    worst->direction = direction;
    __builtin_memcpy(worst->file, key->file, sizeof(worst->file));
    bpf_get_current_comm(worst->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

static __always_inline struct files_row *files_row(struct files_key *key, struct ebtop_totals *totals) {
    struct files_row *row = files_rows.lookup(key), empty = {};
    if (row)
        return row;
    bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
    row = files_rows.lookup_or_try_init(key, &empty);
    if (!row)
        totals->drops++;
    return row;
}

static __always_inline int files_returned(u32 direction, s64 ret) {
    u64 now = bpf_ktime_get_ns(), bytes = ret > 0 ? ret : 0;
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = files_totals.lookup(&cpu);
    struct files_key key = {.pid = bpf_get_current_pid_tgid() >> 32};
    struct files_start start = {};
    files_end(&start);
    if (!start.ns || !totals || ebtop_is_left_out(key.pid))
        return 0;
    struct file *file = (struct file *)start.file;
    struct inode *inode = 0;
    struct super_block *super = 0;
    bpf_probe_read_kernel(&inode, sizeof(inode), &file->f_inode);
    bpf_probe_read_kernel(&key.inode, sizeof(key.inode), &inode->i_ino);
    bpf_probe_read_kernel(&super, sizeof(super), &inode->i_sb);
    bpf_probe_read_kernel(&key.device, sizeof(key.device), &super->s_dev);
    EBTOP_FILE_NAME(key.file, file);
    u64 ns = ebtop_elapsed(start.ns, now);
    totals->total++;
    files_observe(direction, ns, &key);
    struct files_row *row = files_row(&key, totals);
    if (!row)
        return 0;
    ebtop_add(&row->calls, 1);
    ebtop_add(&row->errors, ret < 0);
    ebtop_add(&row->ns, ns);
    ebtop_add(direction == FILES_READ ? &row->reads : &row->writes, 1);
    ebtop_add(direction == FILES_READ ? &row->read_bytes : &row->write_bytes, bytes);
    if (ns > row->max_ns)
        row->max_ns = ns;
    return 0;
}

int files_read(struct ebtop_exit *ctx) {
    return files_returned(FILES_READ, ctx->ret);
}

int files_write(struct ebtop_exit *ctx) {
    return files_returned(FILES_WRITE, ctx->ret);
}

int files_switch(struct bpf_raw_tracepoint_args *ctx) { /* (preempt, prev, next) */
    u32 cpu = bpf_get_smp_processor_id();
    u64 task = ctx->args[1];
    struct files_slot *slot = files_slots.lookup(&cpu);
    if (!slot)
        return 0;
    if (!slot->watched)
        slot->watched = 1;
    if (!slot->start.ns)
        return 0;
    struct ebtop_totals *totals = files_totals.lookup(&cpu);
    if (files_starts.update(&task, &slot->start) && totals && !ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        totals->unmatched++; /* no room: it will end without a start, like calls on what is no file */
    slot->start.ns = 0;
    return 0;
}

int files_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    files_starts.delete(&task);
    return 0;
}
