"""BPF itself: every program and map loaded on this host, whose they are, where they hang, what they cost."""

from ebtop.spec import Key, Kind, Probe, Table, gauge, mean, rate, share
from ebtop.units import Unit

PROBE = Probe(
    name="bpf",
    title="BPF programs and maps",
    question="Which BPF programs and maps are loaded on this host, by whom, and what do they cost?",
    slot=9,
    same=(
        "bpftool prog",
        "bpftool map",
        "bpftop",
    ),
    group="eBPF and your own",
    ways=(),
    views=(
        Table(
            "programs",
            "programs",
            "bpf_programs",
            (
                Key("id", Kind.OBJECT),
                Key("type", Kind.TEXT, importance=2),
                Key("name", Kind.TEXT),
                Key("pid", Kind.PID, help="The process that holds the program; 0: pinned, or held by the kernel."),
                Key("attached", Kind.TEXT, "attached to", importance=3),
                Key("mark", Kind.TEXT, "of", "Says ebtop for its own.", importance=5),
            ),
            (
                rate("runs"),
                mean("run_ns", per="runs", unit=Unit.NS, title="ns/run", importance=1),
                share("run_ns", importance=1),
                gauge("memory_bytes", Unit.BYTES, "memory", importance=4),
            ),
            "runs_per_second",
        ),
        Table(
            "maps",
            "maps",
            "bpf_maps",
            (
                Key("id", Kind.OBJECT),
                Key("type", Kind.TEXT, importance=2),
                Key("name", Kind.TEXT),
                Key("pid", Kind.PID, help="The process that holds the map; 0: pinned, or held by a program."),
                Key("mark", Kind.TEXT, "of", "Says ebtop for its own.", importance=5),
            ),
            (
                gauge("capacity", Unit.COUNT, "entries", "Entries the map has room for.", importance=1),
                gauge("memory_bytes", Unit.BYTES, "memory"),
            ),
            "memory_bytes",
        ),
    ),
    headline=("runs",),
    default=False,
    misses="While it runs, the kernel's statistics clock adds some 55 ns to every run of every program on this host, "
    "and times include it; names end after 15 characters; tracing programs show the BTF id of their function.",
)
