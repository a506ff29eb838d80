/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The kernel's own allocations: objects of slab caches as they are taken and given back (kmem_cache_alloc, kmem_cache_free),
 * by the cache's name, and kmalloc by the size that it rounds up to.
 *
 * kfree does not say how large its object is, so that of kmalloc only the taking is counted. Events come very often and from
 * everywhere; alloc, free and kmalloc write to different members, so that none disturbs another that it interrupts. */
#ifndef SLAB_ROWS
#define SLAB_ROWS 1024
#endif
#define SLAB_SIZES 64
#define SLAB_NAME 32

struct slab_key {
    char cache[SLAB_NAME];
};

struct slab_row {
    u64 allocs;
    u64 bytes;
    u64 frees;
    u64 size;
};

struct slab_size {
    u64 size;
};

struct slab_kmalloc {
    u64 allocs;
    u64 asked_bytes;
    u64 bytes;
};

BPF_TABLE("percpu_hash", struct slab_key, struct slab_row, slab_rows, SLAB_ROWS);
BPF_TABLE("percpu_hash", struct slab_size, struct slab_kmalloc, slab_sizes, SLAB_SIZES);
EBTOP_COUNTERS(struct ebtop_totals, slab_totals, 1);

/* The cache's row, made where there is none; 0 where the current process is not to be counted, or the map is full. */
static __always_inline struct slab_row *slab_row(struct kmem_cache *cache) {
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = slab_totals.lookup(&cpu);
    struct slab_key key = {};
    const char *name = 0;
    if (!totals || ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        return 0;
    ebtop_add(&totals->total, 1);
    bpf_probe_read_kernel(&name, sizeof(name), &cache->name);
    bpf_probe_read_kernel_str(key.cache, sizeof(key.cache), name);
    struct slab_row empty = {}, *row = slab_rows.lookup_or_try_init(&key, &empty);
    if (!row)
        ebtop_add(&totals->drops, 1);
    else if (!row->size) /* on this CPU */
        bpf_probe_read_kernel(&row->size, sizeof(u32), &cache->size);
    return row;
}

int slab_alloc(struct bpf_raw_tracepoint_args *ctx) { /* (call site, object, cache, flags, node) */
    struct slab_row *row = ctx->args[1] ? slab_row((struct kmem_cache *)ctx->args[2]) : 0;
    if (row) {
        row->allocs++;
        row->bytes += row->size;
    }
    return 0;
}

int slab_free(struct bpf_raw_tracepoint_args *ctx) { /* (call site, object, cache) */
    struct slab_row *row = slab_row((struct kmem_cache *)ctx->args[2]);
    if (row)
        row->frees++;
    return 0;
}

int slab_take(
    struct bpf_raw_tracepoint_args *ctx) { /* (call site, object, bytes asked for, bytes given, flags, node) */
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = slab_totals.lookup(&cpu);
    struct slab_size key = {.size = ctx->args[3]};
    struct slab_kmalloc empty = {};
    if (!totals || !ctx->args[1] || ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        return 0;
    ebtop_add(&totals->total, 1);
    struct slab_kmalloc *row = slab_sizes.lookup_or_try_init(&key, &empty);
    if (!row) {
        ebtop_add(&totals->drops, 1);
        return 0;
    }
    row->allocs++;
    row->asked_bytes += ctx->args[2];
    row->bytes += ctx->args[3];
    return 0;
}
