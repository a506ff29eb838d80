/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Processes that the kernel kills for want of memory, as they are chosen (oom:mark_victim). Since Linux 6.9, and where that
 * was ported back, the event tells of the victim; a program that reads that is not attached where it does not, and then way
 * 1 only has its pid. */
#ifndef OOM_ROWS
#define OOM_ROWS 1024
#endif
#define OOM_PAGES 8
#define OOM_KILOBYTE 1024

struct oom_mark {
    u64 common;
    u32 pid;
#if OOM_WAY == 0
    u32 comm_at; /* offset in the event, length << 16 */
    u64 total_vm;
    u64 anon_rss;
    u64 file_rss;
    u64 shmem_rss;
    u32 uid;
    u32 unused;
    u64 pgtables;
    s16 oom_score_adj;
#endif
};

struct oom_event {
    u64 ns;
    u64 total_bytes;
    u64 anon_bytes;
    u64 file_bytes;
    u64 shmem_bytes;
    u64 table_bytes;
    s32 adjust;
    u32 pid;
    u32 uid;
    u32 cause;
    char comm[EBTOP_COMM];
    char cause_comm[EBTOP_COMM];
};

struct oom_key {
    u32 pid; /* who wanted memory when there was none */
    char program[EBTOP_COMM];
};

struct oom_value {
    u64 kills;
    u64 rss_bytes;
    char comm[EBTOP_COMM];
};

BPF_TABLE("hash", struct oom_key, struct oom_value, oom_rows, OOM_ROWS);
EBTOP_EVENTS(oom, struct oom_event, OOM_PAGES);
EBTOP_COUNTERS(struct ebtop_totals, oom_totals, 1);

static __always_inline void oom_victim(struct oom_event *event, struct oom_mark *ctx) {
    event->pid = ctx->pid;
#if OOM_WAY == 0
    bpf_probe_read_kernel_str(event->comm, sizeof(event->comm), (char *)ctx + (ctx->comm_at & 0xffff));
    event->total_bytes = ctx->total_vm * OOM_KILOBYTE;
    event->anon_bytes = ctx->anon_rss * OOM_KILOBYTE;
    event->file_bytes = ctx->file_rss * OOM_KILOBYTE;
    event->shmem_bytes = ctx->shmem_rss * OOM_KILOBYTE;
    event->table_bytes = ctx->pgtables * OOM_KILOBYTE;
    event->uid = ctx->uid;
    event->adjust = ctx->oom_score_adj;
#endif
}

static __always_inline void oom_count(struct oom_event *event, struct ebtop_totals *totals) {
    struct oom_key key = {.pid = event->cause};
    struct oom_value empty = {};
    __builtin_memcpy(key.program, event->comm, sizeof(key.program));
    __builtin_memcpy(empty.comm, event->cause_comm, sizeof(empty.comm));
    struct oom_value *row = oom_rows.lookup_or_try_init(&key, &empty);
    if (!row) {
        totals->drops++;
        return;
    }
    ebtop_add(&row->kills, 1);
#if OOM_WAY == 0 /* adding 0 would be an instruction that 5.10 refuses */
    ebtop_add(&row->rss_bytes, event->anon_bytes + event->file_bytes + event->shmem_bytes);
#endif
}

int oom_mark(struct oom_mark *ctx) {
    u32 cpu = bpf_get_smp_processor_id(), zero = 0;
    struct ebtop_totals *totals = oom_totals.lookup(&cpu);
    struct oom_event event = {.ns = bpf_ktime_get_ns(), .cause = bpf_get_current_pid_tgid() >> 32};
    if (!totals || ebtop_is_left_out(ctx->pid))
        return 0;
    totals->total++;
    oom_victim(&event, ctx);
    bpf_get_current_comm(&event.cause_comm, sizeof(event.cause_comm));
    oom_count(&event, totals);
    struct oom_event *told = oom_events.ringbuf_reserve(sizeof(*told));
    if (!told) {
        totals->lost++;
        return 0;
    }
    __builtin_memcpy(told, &event, sizeof(event));
    u64 *sent = oom_sent.lookup(&zero);
    oom_events.ringbuf_submit(told, ebtop_wake(sent, EBTOP_QUARTER(struct oom_event, OOM_PAGES)));
    return 0;
}
