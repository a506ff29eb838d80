/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The page cache, in pages, by process and device: those that reads and faults ask for (mm_filemap_get_pages, mm_filemap_fault),
 * those that come in for them or for a write (mm_filemap_add_to_page_cache), those that become dirty
 * (writeback_dirty_folio) and those that go (mm_filemap_delete_from_page_cache).
 *
 * Nothing says what a folio is added for. One that its thread makes dirty next was added for a write, all others were read
 * in: so the newest folio that a thread added waits in the thread's slot until the thread's next event. One read makes an
 * event for every batch of folios, each of which names the rest of the read: of those only the first is counted. Way 1 has
 * folio_mark_accessed in place of these, way 2 nothing. */
#ifndef PAGECACHE_ROWS
#define PAGECACHE_ROWS 8192
#endif
#define PAGECACHE_SLOTS 32768 /* threads that live and have used the page cache */
#define PAGECACHE_ACCESSED 0
#define PAGECACHE_READ 1
#define PAGECACHE_WRITTEN 2
#define PAGECACHE_DIRTIED 3
#define PAGECACHE_REMOVED 4
#define PAGECACHE_ORDER 31

struct pagecache_key {
    u32 pid;
    u32 device;
};

struct pagecache_value {
    u64 accessed;
    u64 read;
    u64 written;
    u64 dirtied;
    u64 removed;
    char comm[EBTOP_COMM];
};

struct pagecache_slot {
    u64 folio; /* added and not yet accounted for; 0: none */
    u64 pages;
    u64 mapping; /* of the newest access */
    u64 first;
    u64 last;
    struct pagecache_key key; /* of the folio */
};

BPF_TABLE("percpu_hash", struct pagecache_key, struct pagecache_value, pagecache_rows, PAGECACHE_ROWS);
BPF_HASH(pagecache_slots, u64, struct pagecache_slot, PAGECACHE_SLOTS);
EBTOP_COUNTERS(struct ebtop_totals, pagecache_totals, 1);

static __always_inline void pagecache_count(struct pagecache_key *key, u32 what, u64 pages) {
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = pagecache_totals.lookup(&cpu);
    struct pagecache_value empty = {}, *row;
    if (!totals || !pages)
        return;
    ebtop_add(&totals->total, pages);
    row = pagecache_rows.lookup(key);
    if (!row) {
        bpf_get_current_comm(&empty.comm, sizeof(empty.comm));
        row = pagecache_rows.lookup_or_try_init(key, &empty);
    }
    if (!row)
        ebtop_add(&totals->drops, pages);
    else if (what == PAGECACHE_ACCESSED)
        row->accessed += pages;
    else if (what == PAGECACHE_READ)
        row->read += pages;
    else if (what == PAGECACHE_WRITTEN)
        row->written += pages;
    else if (what == PAGECACHE_DIRTIED)
        row->dirtied += pages;
    else
        row->removed += pages;
}

static __always_inline struct pagecache_key pagecache_key(struct inode *inode) {
    struct pagecache_key key = {.pid = bpf_get_current_pid_tgid() >> 32};
    struct super_block *super = 0;
    u16 mode = 0;
    bpf_probe_read_kernel(&mode, sizeof(mode), &inode->i_mode);
    if ((mode & EBTOP_FILE_KIND) == EBTOP_BLOCK) {
        bpf_probe_read_kernel(&key.device, sizeof(key.device), &inode->i_rdev);
        return key;
    }
    bpf_probe_read_kernel(&super, sizeof(super), &inode->i_sb);
    bpf_probe_read_kernel(&key.device, sizeof(key.device), &super->s_dev);
    return key;
}

static __always_inline struct inode *pagecache_inode(struct address_space *mapping) {
    struct inode *inode = 0;
    bpf_probe_read_kernel(&inode, sizeof(inode), &mapping->host);
    return inode;
}

static __always_inline struct address_space *pagecache_mapping(struct folio *folio) {
    struct address_space *mapping = 0;
    bpf_probe_read_kernel(&mapping, sizeof(mapping), &folio->mapping);
    return mapping;
}

static __always_inline u64 pagecache_pages(struct folio *folio) {
    u64 flags = 0, order = 0;
    bpf_probe_read_kernel(&flags, sizeof(flags), &folio->flags);
    if (!(flags >> EBTOP_PG_head & 1))
        return 1;
#ifdef HAS_folio__folio_order
    bpf_probe_read_kernel(&order, 1, &folio->_folio_order);
#else
    bpf_probe_read_kernel(&order, 1, &folio->_flags_1); /* its lowest byte: little-endian */
#endif
    return 1ULL << (order & PAGECACHE_ORDER);
}

/* The thread's slot, made where there is none. */
static __always_inline struct pagecache_slot *pagecache_slot(void) {
    u64 task = bpf_get_current_task();
    struct pagecache_slot empty = {}, *slot = pagecache_slots.lookup(&task);
    return slot ? slot : pagecache_slots.lookup_or_try_init(&task, &empty);
}

/* Whoever added a folio and now does something else read it in. */
static __always_inline void pagecache_settle(struct pagecache_slot *slot, u32 what) {
    struct pagecache_key key = slot->key;
    if (!slot->folio)
        return;
    slot->folio = 0;
    pagecache_count(&key, what, slot->pages);
}

int pagecache_add(struct bpf_raw_tracepoint_args *ctx) { /* (folio) */
    struct folio *folio = (struct folio *)ctx->args[0];
    if (ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        return 0;
    struct pagecache_slot *slot = pagecache_slot();
    struct pagecache_key key = pagecache_key(pagecache_inode(pagecache_mapping(folio)));
    if (!slot) {
        pagecache_count(&key, PAGECACHE_READ, pagecache_pages(folio));
        return 0;
    }
    pagecache_settle(slot, PAGECACHE_READ);
    slot->key = key;
    slot->pages = pagecache_pages(folio);
    slot->folio = (u64)folio;
    return 0;
}

int pagecache_dirty(struct bpf_raw_tracepoint_args *ctx) { /* (folio, mapping) */
    struct folio *folio = (struct folio *)ctx->args[0];
    struct address_space *mapping = (struct address_space *)ctx->args[1];
    u64 task = bpf_get_current_task();
    if (!mapping || ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        return 0;
    struct pagecache_slot *slot = pagecache_slots.lookup(&task);
    struct pagecache_key key = pagecache_key(pagecache_inode(mapping));
    if (slot)
        pagecache_settle(slot, slot->folio == (u64)folio ? PAGECACHE_WRITTEN : PAGECACHE_READ);
    pagecache_count(&key, PAGECACHE_DIRTIED, pagecache_pages(folio));
    return 0;
}

int pagecache_remove(struct bpf_raw_tracepoint_args *ctx) { /* (folio) */
    struct folio *folio = (struct folio *)ctx->args[0];
    u64 task = bpf_get_current_task();
    if (ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        return 0;
    struct pagecache_slot *slot = pagecache_slots.lookup(&task);
    struct pagecache_key key = pagecache_key(pagecache_inode(pagecache_mapping(folio)));
    if (slot)
        pagecache_settle(slot, PAGECACHE_READ);
    pagecache_count(&key, PAGECACHE_REMOVED, pagecache_pages(folio));
    return 0;
}

int pagecache_gone(struct bpf_raw_tracepoint_args *ctx) {
    u64 task = bpf_get_current_task();
    struct pagecache_slot *slot = pagecache_slots.lookup(&task);
    if (slot)
        pagecache_settle(slot, PAGECACHE_READ);
    pagecache_slots.delete(&task);
    return 0;
}

#if PAGECACHE_WAY == 0
/* An access that no slot says whether it was counted before. */
static __always_inline int pagecache_lose(void) {
    u32 cpu = bpf_get_smp_processor_id();
    struct ebtop_totals *totals = pagecache_totals.lookup(&cpu);
    if (totals)
        ebtop_add(&totals->lost, 1);
    return 0;
}

/* Pages `first` to `last` of a file are asked for; `again`: also where they are those of the thread's access before. */
static __always_inline int pagecache_access(u64 mapping, u64 first, u64 last, int again) {
    if (ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32))
        return 0;
    struct pagecache_slot *slot = pagecache_slot();
    struct inode *inode = pagecache_inode((struct address_space *)mapping);
    u64 size = 0, end = last;
    if (!slot)
        return pagecache_lose();
    pagecache_settle(slot, PAGECACHE_READ);
    int counted =
        slot->mapping == mapping && slot->last == last && (first > slot->first || (!again && first == slot->first));
    slot->mapping = mapping;
    slot->first = first;
    slot->last = last;
    if (counted)
        return 0;
    bpf_probe_read_kernel(&size, sizeof(size), &inode->i_size);
    if (size && end > (size - 1) >> EBTOP_PAGE_SHIFT)
        end = (size - 1) >> EBTOP_PAGE_SHIFT;
    struct pagecache_key key = pagecache_key(inode);
    pagecache_count(&key, PAGECACHE_ACCESSED, end >= first ? end - first + 1 : 0);
    return 0;
}

int pagecache_get(struct bpf_raw_tracepoint_args *ctx) { /* (mapping, first page, last page) */
    return pagecache_access(ctx->args[0], ctx->args[1], ctx->args[2], 1);
}

int pagecache_fault(struct bpf_raw_tracepoint_args *ctx) { /* (mapping, page), again where the fault had to wait */
    return pagecache_access(ctx->args[0], ctx->args[1], ctx->args[1], 0);
}
#endif

#if PAGECACHE_WAY == 1
int pagecache_mark(struct pt_regs *ctx) { /* folio_mark_accessed(folio) */
    struct folio *folio = (struct folio *)PT_REGS_PARM1(ctx);
    struct address_space *mapping = pagecache_mapping(folio);
    u64 task = bpf_get_current_task();
    if (ebtop_is_left_out(bpf_get_current_pid_tgid() >> 32) || !mapping || (u64)mapping & 3) /* 3: anonymous memory */
        return 0;
    struct pagecache_slot *slot = pagecache_slots.lookup(&task);
    struct pagecache_key key = pagecache_key(pagecache_inode(mapping));
    if (slot && slot->folio != (u64)folio)
        pagecache_settle(slot, PAGECACHE_READ);
    pagecache_count(&key, PAGECACHE_ACCESSED, pagecache_pages(folio));
    return 0;
}
#endif
