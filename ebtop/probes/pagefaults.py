"""Page faults: whose memory accesses the kernel had to step in for."""

from ebtop.spec import Hook, Key, Kind, Probe, Table, Way, part, rate, total

_MAJOR = Hook("perf_event", "major-faults:1", "pagefaults_major")

PROBE = Probe(
    name="pagefaults",
    title="Page faults",
    question="Who touches memory that the kernel has to provide first?",
    slot=0,
    default=False,
    same=("perf trace -F all", "perf stat -e page-faults"),
    group="memory",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "page_fault_user", "pagefaults_user"),
                Hook("raw_tracepoint", "page_fault_kernel", "pagefaults_kernel"),
                _MAJOR,
            ),
        ),
        Way(
            "tracepoint",
            (
                Hook("tracepoint", "exceptions:page_fault_user", "pagefaults_user"),
                Hook("tracepoint", "exceptions:page_fault_kernel", "pagefaults_kernel"),
                _MAJOR,
            ),
        ),
        Way(
            "perf_event",
            (
                Hook("perf_event", "minor-faults:1", "pagefaults_minor_event"),
                Hook("perf_event", "major-faults:1", "pagefaults_major_event"),
            ),
            misses="Faults that end in a signal, and those of CPUs that come online later.",
        ),
    ),
    views=(
        Table(
            "by_process",
            "by process",
            "pagefaults_rows",
            (Key("pid", Kind.PID),),
            (
                rate("faults", help="pages touched that were not there or not writable, per second"),
                rate("major", help="of them, those that had to wait for a disk", importance=1),
                rate("kernel", help="of them, those of the kernel, asked to copy from or to the process", importance=2),
                part("major", "faults", title="major %", importance=3),
                total("faults", importance=4),
            ),
            "faults_per_second",
        ),
    ),
    misses="Which addresses: only how many. Pages that are there before they are touched (huge pages, fault-around) "
    "cost no fault of their own.",
)
