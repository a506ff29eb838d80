"""Failed system calls: whose, which, with which errno."""

from ebtop.spec import Hook, Key, Kind, Probe, Table, Way, rate, total

_COLUMNS = (
    rate("errors", help="system calls that returned that error, per second"),
    total("errors", importance=3),
)
_PROCESS = Key("pid", Kind.PID)
_SYSCALL = Key("nr", Kind.SYSCALL, "call")
_ERROR = Key("errno", Kind.ERRNO, "error")
_SORT = "errors_per_second"

PROBE = Probe(
    name="errors",
    title="Errors",
    question="Which system calls fail, whose, and with which error?",
    slot=0,
    default=False,
    same=(
        "syscount-bpfcc -x",
        "bpftrace -e 'tracepoint:raw_syscalls:sys_exit /args->ret < 0/ { @[comm, args->id, args->ret] = count(); }'",
    ),
    group="processes and system calls",
    ways=(Way("raw_tracepoint", (Hook("raw_tracepoint", "sys_exit", "errors_exit"),)),),
    views=(
        Table("by_all", "by process, call and error", "errors_rows", (_PROCESS, _SYSCALL, _ERROR), _COLUMNS, _SORT),
        Table("by_error", "by error", "errors_rows", (_ERROR,), _COLUMNS, _SORT),
        Table("by_call", "by call and error", "errors_rows", (_SYSCALL, _ERROR), _COLUMNS, _SORT),
        Table("by_process", "by process", "errors_rows", (_PROCESS,), _COLUMNS, _SORT),
    ),
    misses=(
        "What failed is not told, only that it did: opens names files, exec programs. A call that a signal interrupts "
        "and that is begun again counts each time (ERESTARTSYS and its like). Calls of 32-bit programs are shown under "
        "the names that their numbers have for 64-bit ones, from number 511 on all as 511. Failures inside io_uring."
    ),
)
