"""Kernel memory: which slab caches and sizes of kmalloc the kernel allocates from, how often and how many bytes."""

from ebtop.spec import Hook, Key, Kind, Probe, Table, Way, mean, part, rate, total
from ebtop.units import Unit

PROBE = Probe(
    name="slab",
    title="Kernel memory",
    question="What does the kernel allocate for itself, and how much?",
    slot=0,
    default=False,
    same=("slabratetop-bpfcc",),
    group="memory",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "kmem_cache_alloc", "slab_alloc"),
                Hook("raw_tracepoint", "kmem_cache_free", "slab_free"),
                Hook("raw_tracepoint", "kmalloc", "slab_take"),
            ),
            fields=("kmem_cache.name", "kmem_cache.size"),
            since=(6, 1),
        ),
    ),
    views=(
        Table(
            "by_cache",
            "by cache",
            "slab_rows",
            (Key("cache", Kind.TEXT),),
            (
                rate("allocs", help="objects taken, per second"),
                rate("bytes", Unit.BYTES, importance=1, help="memory that these objects occupy, per second"),
                rate("frees", help="objects given back, per second"),
                mean("bytes", "allocs", Unit.BYTES, title="object", importance=2, help="bytes of one object"),
                total("allocs", importance=3),
                total("frees", importance=4),
                total("bytes", Unit.BYTES, importance=5),
            ),
            "allocs_per_second",
        ),
        Table(
            "by_size",
            "kmalloc, by size",
            "slab_sizes",
            (Key("size", Kind.NUMBER),),
            (
                rate("allocs", help="pieces of that size taken, per second"),
                rate("bytes", Unit.BYTES, importance=1),
                part("asked_bytes", "bytes", "asked for", "share of the size that was asked for", importance=2),
                total("allocs", importance=3),
                total("bytes", Unit.BYTES, importance=4),
            ),
            "allocs_per_second",
        ),
    ),
    misses=(
        "What kfree and kfree_rcu give back, objects taken or given back in bulk, pages, vmalloc and per-CPU memory. "
        "Caches that the kernel has merged go by the name of the first of them; names end after 31 bytes. What an "
        "interrupt allocates counts for the process that it interrupts."
    ),
)
