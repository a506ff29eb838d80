/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* blockio: requests that block devices completed, from block_rq_issue (handed to the driver) to block_rq_complete, for
 * the process that asked: current at block_io_start (way 0) or block_rq_insert (the others), else at the issue.
 * Slots by the request's address are overwritten in place: a device's requests are a fixed set, used again and again. */

#ifndef BLOCKIO_ROWS
#define BLOCKIO_ROWS 4096
#endif
#define BLOCKIO_SLOTS 16384
#define BLOCKIO_DEVICES 512
#define BLOCKIO_READ 0       /* REQ_OP_READ, include/linux/blk_types.h */
#define BLOCKIO_WRITE 1      /* REQ_OP_WRITE */
#define BLOCKIO_DRIVER_IN 34 /* REQ_OP_DRV_IN */
#define BLOCKIO_OPERATION 0xff
#define BLOCKIO_MINOR_BITS 20
#define BLOCKIO_REQUEST (BLOCKIO_WAY == 2) /* the request's place among the arguments: (rq), once (q, rq) */

struct blockio_key {
    u32 pid;
    u32 device;
};
struct blockio_row {
    u64 ops;
    u64 errors;
    u64 read_bytes;
    u64 write_bytes;
    u64 ns;
    u64 max_ns;
    char comm[EBTOP_COMM];
};
struct blockio_device {
    u32 device;
    u32 direction;
};
struct blockio_example { /* begins as struct ebtop_worst */
    u64 epoch;
    u64 value;
    u32 pid;
    u32 device;
    u32 direction;
    char comm[EBTOP_COMM];
};
struct blockio_slot {
    u64 ns; /* of the issue; 0: not issued yet */
    u32 pid;
    u32 asked; /* 0: completed, nobody's */
    char comm[EBTOP_COMM];
};

BPF_TABLE("percpu_hash", struct blockio_key, struct blockio_row, blockio_rows, BLOCKIO_ROWS);
BPF_TABLE("percpu_hash", struct blockio_device, struct ebtop_histogram, blockio_latency, BLOCKIO_DEVICES);
BPF_TABLE("lru_hash", u64, struct blockio_slot, blockio_slots, BLOCKIO_SLOTS);
BPF_ARRAY(blockio_empty, struct ebtop_histogram, 1);
EBTOP_WORST(blockio, struct blockio_example);
EBTOP_COUNTERS(struct ebtop_totals, blockio_totals, 1);

static __always_inline void blockio_ask(u64 request, u64 ns) {
    struct blockio_slot slot = {.ns = ns, .pid = bpf_get_current_pid_tgid() >> 32, .asked = 1};
    bpf_get_current_comm(slot.comm, sizeof(slot.comm));
    blockio_slots.update(&request, &slot);
}

int blockio_start(struct bpf_raw_tracepoint_args *ctx) {
    blockio_ask(ctx->args[BLOCKIO_REQUEST], 0);
    return 0;
}

int blockio_issue(struct bpf_raw_tracepoint_args *ctx) {
    u64 request = ctx->args[BLOCKIO_REQUEST];
    struct blockio_slot *slot = blockio_slots.lookup(&request);
    if (slot && slot->asked)
        slot->ns = bpf_ktime_get_ns();
    else
        blockio_ask(request, bpf_ktime_get_ns());
    return 0;
}

static __always_inline u32 blockio_device(struct request *request) {
    struct gendisk *disk = 0;
    u32 major = 0, minor = 0;
#if BLOCKIO_WAY >= 2
    bpf_probe_read_kernel(&disk, sizeof(disk), &request->rq_disk);
#else
    struct request_queue *queue = 0;
    bpf_probe_read_kernel(&queue, sizeof(queue), &request->q);
    bpf_probe_read_kernel(&disk, sizeof(disk), &queue->disk);
#endif
    bpf_probe_read_kernel(&major, sizeof(major), &disk->major);
    bpf_probe_read_kernel(&minor, sizeof(minor), &disk->first_minor);
    return major << BLOCKIO_MINOR_BITS | minor;
}

static __always_inline void blockio_keep(u64 bucket, u64 ns, struct blockio_device *key, struct blockio_slot *slot) {
    u32 only = 0;
    u64 *running = blockio_epoch.lookup(&only), epoch = running ? *running : 0;
    u32 index = ebtop_example(ebtop_bank(1), epoch, bucket);
    struct blockio_example *worst = blockio_worst.lookup(&index);
    if (!worst || !ebtop_is_worse(worst, epoch, ns))
        return;
    worst->pid = slot->pid;
    worst->device = key->device;
    worst->direction = key->direction;
    __builtin_memcpy(worst->comm, slot->comm, sizeof(worst->comm));
    ebtop_kept(worst, epoch);
}

/* 1 where there is no room for another device. */
static __always_inline int blockio_observe(u32 device, u32 operation, u64 ns, struct blockio_slot *slot) {
    struct blockio_device key = {.device = device};
    u32 index = 0;
    key.direction = operation != BLOCKIO_READ && operation != BLOCKIO_DRIVER_IN;
    struct ebtop_histogram *empty = blockio_empty.lookup(&index), *latency;
    if (!empty)
        return 1;
    latency = blockio_latency.lookup_or_try_init(&key, empty);
    if (!latency)
        return 1;
    blockio_keep(ebtop_observe_atomic(latency, ns), ns, &key, slot);
    return 0;
}

int blockio_complete(struct bpf_raw_tracepoint_args *ctx) { /* (rq, error, bytes), again for each part that is done */
    struct request *request = (struct request *)ctx->args[0];
    u64 slot_key = ctx->args[0], now = bpf_ktime_get_ns();
    u32 bank = ebtop_bank(1), bytes = ctx->args[2], left = 0, operation = 0;
    struct ebtop_totals *totals = blockio_totals.lookup(&bank);
    struct blockio_slot *slot = blockio_slots.lookup(&slot_key);
    struct blockio_row zero = {}, *row;
    bpf_probe_read_kernel(&left, sizeof(left), &request->__data_len);
    if (!totals || (slot && ebtop_is_left_out(slot->pid)))
        return 0;
    if (!slot || !slot->asked || !slot->ns) {
        ebtop_add(&totals->unmatched, bytes >= left);
        return 0;
    }
    bpf_probe_read_kernel(&operation, sizeof(operation), &request->cmd_flags);
    operation &= BLOCKIO_OPERATION;
    u64 ns = ebtop_elapsed(slot->ns, now);
    struct blockio_key key = {.pid = slot->pid, .device = blockio_device(request)};
    __builtin_memcpy(zero.comm, slot->comm, sizeof(zero.comm));
    row = blockio_rows.lookup_or_try_init(&key, &zero);
    if (row && operation == BLOCKIO_READ)
        ebtop_add(&row->read_bytes, bytes);
    if (row && operation == BLOCKIO_WRITE)
        ebtop_add(&row->write_bytes, bytes);
    if (bytes < left)
        return 0;
    slot->asked = 0;
    ebtop_add(&totals->total, 1);
    if (blockio_observe(key.device, operation, ns, slot))
        ebtop_add(&totals->lost, 1);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return 0;
    }
    ebtop_add(&row->ops, 1);
    ebtop_add(&row->errors, (u32)ctx->args[1] != 0);
    ebtop_add(&row->ns, ns);
    if (ns > row->max_ns)
        row->max_ns = ns;
    return 0;
}
