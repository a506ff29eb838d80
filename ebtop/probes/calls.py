"""What probes of rare system calls are shown by, whose rows are struct ebtop_calls; declares no probe."""

from ebtop.spec import Key, Kind, rate, total

PROCESS = Key("pid", Kind.PID)
CALL = Key("nr", Kind.SYSCALL, "call")
RESULT = Key("errno", Kind.ERRNO, "result", importance=1)
COLUMNS = (
    rate("calls", help="calls that returned, per second"),
    rate("failures", title="fail/s", importance=2),
    total("calls", importance=1),
    total("failures", importance=4),
)
