"""BPF itself: every program and map loaded on this host, whose they are, where they hang, what they cost."""

from ebtop.spec import OWN, Key, Kind, Probe, Table, gauge, mean, rate, share, total
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
    group=OWN,
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
                Key("tag", Kind.TEXT, help="The hash of its instructions.", importance=8),
                Key("uid", Kind.UID, "loaded by", importance=9),
            ),
            (
                rate("runs"),
                mean("run_ns", per="runs", unit=Unit.NS, title="ns/run", importance=1),
                share("run_ns", importance=1),
                gauge("memory_bytes", Unit.BYTES, "memory", importance=4),
                gauge("age_ns", Unit.NS, "age", "Since it was loaded.", importance=6),
                gauge("translated_bytes", Unit.BYTES, "bytecode", "Instructions as the verifier left them.", 7),
                gauge("machine_bytes", Unit.BYTES, "machine code", "0 without the JIT compiler.", 8),
                gauge("maps", title="maps", help="How many maps it uses.", importance=7),
                total("runs", importance=9),
            ),
            "runs_per_second",
            opens="id",
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
                gauge("key_bytes", Unit.BYTES, "key", "One entry's key.", importance=3),
                gauge("value_bytes", Unit.BYTES, "value", "One entry's value, on one CPU.", importance=3),
                gauge("memory_bytes", Unit.BYTES, "memory"),
            ),
            "memory_bytes",
        ),
    ),
    headline=("runs",),
    default=False,
    misses="While it runs, the kernel's statistics clock adds some 55 ns to every run of every program on this host, "
    "and times include it; names end after 15 characters; where a program hangs is known of links and perf events, "
    "not of tc filters, sockets and control groups that have none; tracing programs show the BTF id of their function; "
    "what other programs go on to by tail calls, as ebtop's own do, has no place and no runs of its own.",
)
