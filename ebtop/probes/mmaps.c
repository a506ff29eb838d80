/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How processes change their address space: mmap, munmap, mremap and brk as they return, with the bytes by which each makes
 * it grow or shrink, whole pages; of mmap the file too. brk says where the heap ends: what it did is the difference to where
 * it ended before. The beginning of a call lies in a slot per thread that the next one overwrites. */
#ifndef MMAPS_ROWS
#define MMAPS_ROWS 16384
#endif
#define MMAPS_STARTS 32768 /* threads that live and have made such a call */
#define MMAPS_NAME 48
#define MMAPS_MMAP 0
#define MMAPS_MUNMAP 1
#define MMAPS_MREMAP 2
#define MMAPS_BRK 3
#define MMAPS_ANONYMOUS 0x20 /* MAP_ANONYMOUS, include/uapi/asm-generic/mman-common.h */
#define MMAPS_PAGE ((1ULL << EBTOP_PAGE_SHIFT) - 1)
#define MMAPS_OPEN 1

struct mmaps_key {
    u32 pid;
    u32 call;
    char file[MMAPS_NAME];
};

struct mmaps_value {
    u64 calls;
    u64 errors;
    u64 grown_bytes;
    u64 released_bytes;
    char comm[EBTOP_COMM];
};

struct mmaps_start {
    u64 is_open;
    u64 before; /* bytes; of brk the end of the heap */
    u64 after;  /* of brk the end that is asked for, 0 for none */
    struct mmaps_key key;
};

BPF_TABLE("hash", struct mmaps_key, struct mmaps_value, mmaps_rows, MMAPS_ROWS);
EBTOP_COUNTERS(struct ebtop_totals, mmaps_totals, 1);
BPF_HASH(mmaps_starts, u64, struct mmaps_start, MMAPS_STARTS);

static __always_inline u64 mmaps_pages(u64 bytes) {
    return (bytes + MMAPS_PAGE) & ~MMAPS_PAGE;
}

static __always_inline int mmaps_begin(struct mmaps_start *start, u32 call, u64 before, u64 after) {
    u64 task = bpf_get_current_task();
    start->is_open = MMAPS_OPEN;
    start->before = before;
    start->after = after;
    start->key.pid = bpf_get_current_pid_tgid() >> 32;
    start->key.call = call;
    if (!ebtop_is_left_out(start->key.pid))
        mmaps_starts.update(&task, start);
    return 0;
}

int mmaps_enter_mmap(struct ebtop_enter *ctx) { /* (address, length, protection, flags, descriptor, offset) */
    struct mmaps_start start = {};
    struct file *file = 0;
    if (!(ctx->args[3] & MMAPS_ANONYMOUS))
        EBTOP_FILE(file, ctx->args[4]);
    if (file)
        EBTOP_FILE_NAME(start.key.file, file);
    return mmaps_begin(&start, MMAPS_MMAP, 0, mmaps_pages(ctx->args[1]));
}

int mmaps_enter_munmap(struct ebtop_enter *ctx) { /* (address, length) */
    struct mmaps_start start = {};
    return mmaps_begin(&start, MMAPS_MUNMAP, mmaps_pages(ctx->args[1]), 0);
}

int mmaps_enter_mremap(struct ebtop_enter *ctx) { /* (address, old length, new length, …) */
    struct mmaps_start start = {};
    return mmaps_begin(&start, MMAPS_MREMAP, mmaps_pages(ctx->args[1]), mmaps_pages(ctx->args[2]));
}

int mmaps_enter_brk(struct ebtop_enter *ctx) { /* (end) */
    struct task_struct *task = (void *)bpf_get_current_task();
    struct mmaps_start start = {};
    struct mm_struct *mm = 0;
    u64 end = 0;
    bpf_probe_read_kernel(&mm, sizeof(mm), &task->mm);
    bpf_probe_read_kernel(&end, sizeof(end), &mm->brk);
    return mmaps_begin(&start, MMAPS_BRK, end, ctx->args[0]);
}

int mmaps_exit(struct ebtop_exit *ctx) {
    u64 task = bpf_get_current_task();
    u32 cpu = bpf_get_smp_processor_id(), pid = bpf_get_current_pid_tgid() >> 32;
    struct ebtop_totals *totals = mmaps_totals.lookup(&cpu);
    struct mmaps_start *start = mmaps_starts.lookup(&task);
    struct mmaps_value empty = {}, *row;
    u64 was_open = start ? start->is_open : 0;
    if (start)
        start->is_open = 0;
    if (!totals || ebtop_is_left_out(pid))
        return 0;
    if (!start || !was_open) {
        totals->unmatched++;
        return 0;
    }
    totals->total++;
    u64 before = start->before, after = start->after, failed = EBTOP_FAILED(ctx->ret);
    if (start->key.call == MMAPS_BRK) {
        failed = after && after != ctx->ret;
        before = mmaps_pages(before);
        after = mmaps_pages(ctx->ret);
    }
    row = mmaps_rows.lookup(&start->key);
    if (!row) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = mmaps_rows.lookup_or_try_init(&start->key, &empty);
    }
    if (!row) {
        totals->drops++;
        return 0;
    }
    ebtop_add(&row->calls, 1);
    ebtop_add(&row->errors, failed);
    if (!failed && after > before)
        ebtop_add(&row->grown_bytes, after - before);
    if (!failed && before > after)
        ebtop_add(&row->released_bytes, before - after);
    return 0;
}

int mmaps_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    mmaps_starts.delete(&task);
    return 0;
}
