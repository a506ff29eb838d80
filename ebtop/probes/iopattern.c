/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What block devices are asked for: sizes, and whether a request begins where the one before it on that device ended, in the
 * order in which they complete (block_rq_complete). Only reads and writes that move bytes; a request that completes in
 * parts counts once for each. Devices, not processes: nobody is left out. */
#ifndef IOPATTERN_ROWS
#define IOPATTERN_ROWS 512
#endif
#define IOPATTERN_WRITE 1 /* REQ_OP_WRITE, include/linux/blk_types.h; REQ_OP_READ is 0 */
#define IOPATTERN_OPERATION 0xff
#define IOPATTERN_MINOR_BITS 20
#define IOPATTERN_SECTOR_SHIFT 9

struct iopattern_key {
    u32 device;
    u32 direction;
};

struct iopattern_row { /* begins as struct ebtop_histogram */
    u64 slots[EBTOP_BUCKETS];
    u64 sum;
    u64 max_value;
    u64 ops;
    u64 sequential;
};

BPF_TABLE("percpu_hash", struct iopattern_key, struct iopattern_row, iopattern_rows, IOPATTERN_ROWS);
BPF_HASH(iopattern_ends, u32, u64, IOPATTERN_ROWS); /* by device: the sector behind the newest request */
BPF_ARRAY(iopattern_empty, struct iopattern_row, 1);
EBTOP_COUNTERS(struct ebtop_totals, iopattern_totals, 1);

static __always_inline u32 iopattern_device(struct request *request) {
    struct gendisk *disk = 0;
    u32 major = 0, minor = 0;
#if EBTOP_KERNEL >= KERNEL_VERSION(5, 17, 0)
    struct request_queue *queue = 0;
    bpf_probe_read_kernel(&queue, sizeof(queue), &request->q);
    bpf_probe_read_kernel(&disk, sizeof(disk), &queue->disk);
#else
    bpf_probe_read_kernel(&disk, sizeof(disk), &request->rq_disk);
#endif
    bpf_probe_read_kernel(&major, sizeof(major), &disk->major);
    bpf_probe_read_kernel(&minor, sizeof(minor), &disk->first_minor);
    return major << IOPATTERN_MINOR_BITS | minor;
}

/* Whether `sector` follows on the request before, whose end becomes that of this one. */
static __always_inline int iopattern_follows(u32 device, u64 sector, u64 end) {
    u64 *before = iopattern_ends.lookup(&device);
    if (!before) {
        iopattern_ends.update(&device, &end);
        return 0;
    }
    int follows = *before == sector;
    *before = end;
    return follows;
}

int iopattern_complete(struct bpf_raw_tracepoint_args *ctx) { /* (rq, error, bytes) */
    struct request *request = (struct request *)ctx->args[0];
    u32 cpu = bpf_get_smp_processor_id(), bytes = ctx->args[2], operation = 0, only = 0;
    struct ebtop_totals *totals = iopattern_totals.lookup(&cpu);
    struct iopattern_row *empty = iopattern_empty.lookup(&only), *row;
    u64 sector = 0;
    bpf_probe_read_kernel(&operation, sizeof(operation), &request->cmd_flags);
    operation &= IOPATTERN_OPERATION;
    if (!totals || !empty || !bytes || operation > IOPATTERN_WRITE)
        return 0;
    bpf_probe_read_kernel(&sector, sizeof(sector), &request->__sector);
    struct iopattern_key key = {.device = iopattern_device(request), .direction = operation};
    int follows = iopattern_follows(key.device, sector, sector + (bytes >> IOPATTERN_SECTOR_SHIFT));
    ebtop_add(&totals->total, 1);
    row = iopattern_rows.lookup_or_try_init(&key, empty);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return 0;
    }
    ebtop_observe_atomic((struct ebtop_histogram *)row, bytes);
    ebtop_add(&row->ops, 1);
    ebtop_add(&row->sequential, follows);
    return 0;
}
