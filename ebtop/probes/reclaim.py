"""Memory reclaim: which processes have to free memory before they get any, for how long, and how much they free."""

from ebtop.spec import Histogram, Hook, Key, Kind, Probe, Table, Way, largest, mean, rate, share, total
from ebtop.units import Unit

_KINDS = ("direct", "memcg", "node")
"""In the order of the numbers in the C file; as the kernel's tracepoints call them."""
_CODES = ((0, "machine"), (1, "cgroup"), (2, "node"))
_COLUMNS = (
    rate("stalls", help="times that memory had to be freed first, per second"),
    mean("ns", "stalls", Unit.NS, help="how long that took"),
    largest("max_ns", Unit.NS, importance=1),
    share("ns", title="stalled", help="time it took, in percent of one thread's time", importance=1),
    rate("bytes", Unit.BYTES, title="freed/s", importance=2),
    rate("fruitless", title="none/s", help="stalls that freed nothing, per second", importance=3),
    total("stalls", importance=4),
    total("ns", Unit.NS, title="stalled", importance=5),
    total("bytes", Unit.BYTES, title="freed", importance=6),
)
_PROCESS = Key("pid", Kind.PID)
_KIND = Key("kind", Kind.CODE, "short of", importance=2, codes=_CODES)

PROBE = Probe(
    name="reclaim",
    title="Memory reclaim",
    question="Which processes wait because memory has to be freed first, and how long?",
    slot=0,
    default=False,
    same=("drsnoop-bpfcc",),
    group="memory",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "sched_process_exit", "reclaim_gone"),
                *(
                    Hook("raw_tracepoint", f"mm_vmscan_{kind}_reclaim_end", f"reclaim_end_{kind}", kind != "direct")
                    for kind in _KINDS
                ),
                *(
                    Hook("raw_tracepoint", f"mm_vmscan_{kind}_reclaim_begin", "reclaim_begin", kind != "direct")
                    for kind in _KINDS
                ),
            ),
        ),
    ),
    views=(
        Table("by_process", "by process", "reclaim_rows", (_PROCESS, _KIND), _COLUMNS, "ns_percent"),
        Table("by_kind", "by what is short", "reclaim_rows", (_KIND,), _COLUMNS, "ns_percent"),
        Histogram(
            "latency",
            "latency",
            "reclaim_latency",
            Unit.NS,
            (Key("index", Kind.CODE, "short of", codes=_CODES),),
            "reclaim_worst",
            (_PROCESS, _KIND),
        ),
    ),
    misses=(
        "What kswapd frees in the background, for which nobody waits; compaction; waits until swapped pages are back. "
        "Memory freed by writing to a control group's files counts for who writes."
    ),
)
