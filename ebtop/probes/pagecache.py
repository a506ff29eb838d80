"""The page cache: what is asked of it, what has to be read in, what is written into it, and what goes."""

from ebtop.spec import Hook, Key, Kind, Probe, Table, Way, part, rate, total

_COMES_AND_GOES = (
    Hook("raw_tracepoint", "mm_filemap_add_to_page_cache", "pagecache_add"),
    Hook("raw_tracepoint", "mm_filemap_delete_from_page_cache", "pagecache_remove"),
    Hook("raw_tracepoint", "writeback_dirty_folio", "pagecache_dirty"),
    Hook("raw_tracepoint", "sched_process_exit", "pagecache_gone"),
)
_FIELDS = (
    "folio.flags",
    "folio.mapping",
    "folio._folio_order|folio._flags_1",
    "enum pageflags.PG_head",
    "address_space.host",
    "inode.i_mode",
    "inode.i_rdev",
    "inode.i_size",
    "inode.i_sb",
    "super_block.s_dev",
)
_COLUMNS = (
    rate("accessed", help="pages that reads and faults asked for, per second"),
    part("read", "accessed", "miss", "pages read in as a share of those asked for; what is read ahead adds to it"),
    rate("read", title="read in/s", help="pages added to the cache by anything but a write", importance=1),
    rate("written", title="new/s", help="pages added to the cache by a write", importance=2),
    rate("dirtied", help="pages that a write made dirty", importance=1),
    rate("removed", help="pages that left the cache: truncated, deleted or taken for something else", importance=2),
    total("accessed", importance=3),
    total("read", title="read in", importance=3),
    total("dirtied", importance=4),
    total("removed", importance=4),
)
_PROCESS = Key("pid", Kind.PID)
_DEVICE = Key("device", Kind.DEVICE, importance=1)

PROBE = Probe(
    name="pagecache",
    title="Page cache",
    question="How much of what is read comes from the page cache, and who fills it, dirties it, empties it?",
    slot=0,
    default=False,
    same=("cachestat-bpfcc", "cachetop-bpfcc"),
    group="files",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "mm_filemap_get_pages", "pagecache_get"),
                Hook("raw_tracepoint", "mm_filemap_fault", "pagecache_fault"),
                *_COMES_AND_GOES,
            ),
            fields=_FIELDS,
            misses="Pages that a fault maps because they lie around the one that is wanted, and that one if it is in "
            "the cache: only faults that have to look further count as asking.",
            since=(6, 16),
        ),
        Way(
            "raw_tracepoint and kprobe",
            (*_COMES_AND_GOES, Hook("kprobe", "folio_mark_accessed", "pagecache_mark")),
            fields=_FIELDS,
            misses="A folio counts whole, however little of it is asked for, and writes may count as asking.",
            since=(6, 1),
        ),
        Way(
            "raw_tracepoint, no accesses",
            _COMES_AND_GOES,
            fields=_FIELDS,
            misses="What is asked for: this way only sees what comes and goes.",
            since=(6, 1),
        ),
    ),
    views=(
        Table("by_process", "by process", "pagecache_rows", (_PROCESS,), _COLUMNS, "accessed_per_second"),
        Table("by_device", "by device", "pagecache_rows", (_DEVICE,), _COLUMNS, "accessed_per_second"),
        Table(
            "by_process_and_device",
            "by process and device",
            "pagecache_rows",
            (_PROCESS, _DEVICE),
            _COLUMNS,
            "accessed_per_second",
        ),
    ),
    headline=("accessed",),
    misses=(
        "tmpfs, hugetlbfs, DAX and direct I/O, which do without the cache; accesses of mapped files once their pages "
        "are mapped. A page that a write adds and fills up from the disk counts as new, not as read in."
    ),
)
