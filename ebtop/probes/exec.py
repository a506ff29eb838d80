"""Programs started: what, by whom, with which arguments, and which could not be."""

from ebtop.spec import Events, Hook, Key, Kind, Probe, Table, Way, rate, total

_COLUMNS = (
    rate("execs", title="exec/s", help="execve and execveat, successful or not, per second"),
    rate("failures", title="fail/s", importance=1),
    total("execs", importance=3),
    total("failures", importance=4),
)
_PARENT = Key("pid", Kind.PID, "parent")
_PROGRAM = Key("program", Kind.TEXT, "program")
_RESULT = Key("errno", Kind.ERRNO, "result", importance=2)

PROBE = Probe(
    name="exec",
    title="Programs started",
    question="What gets started, by whom, with which arguments?",
    slot=4,
    same=(
        "execsnoop-bpfcc -x",
        "execsnoop.bt",
    ),
    group="processes and system calls",
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "sched_process_exec", "exec_done"),
                Hook("raw_tracepoint", "sched_process_exit", "exec_gone"),
                Hook("tracepoint", "syscalls:sys_exit_execve", "exec_exit"),
                Hook("tracepoint", "syscalls:sys_exit_execveat", "exec_exit"),
                Hook("tracepoint", "syscalls:sys_enter_execve", "exec_enter"),
                Hook("tracepoint", "syscalls:sys_enter_execveat", "exec_enter_at"),
            ),
            fields=(
                "task_struct.real_parent",
                "task_struct.tgid",
                "task_struct.comm",
                "task_struct.mm",
                "mm_struct.arg_start",
                "mm_struct.arg_end",
                "linux_binprm.filename",
            ),
        ),
    ),
    views=(
        Events(
            "started",
            "last programs started",
            "exec_events",
            "exec_record",
            (
                Key("ns", Kind.TIME, "time"),
                Key("pid", Kind.PID),
                Key("ppid", Kind.NUMBER, "ppid", importance=3),
                Key("comm", Kind.TEXT, "program", importance=4),
                Key("uid", Kind.UID, "user", importance=2),
                Key("errno", Kind.ERRNO, "result", importance=1),
                Key("command", Kind.TEXT, "command line"),
            ),
        ),
        Table(
            "by_parent",
            "by parent and program",
            "exec_rows",
            (_PARENT, _PROGRAM, _RESULT),
            _COLUMNS,
            "execs_per_second",
        ),
        Table("by_program", "by program", "exec_rows", (_PROGRAM, _RESULT), _COLUMNS, "execs_per_second"),
    ),
    misses=(
        "Processes that are made without starting a program (fork, clone). A command line ends with ... after "
        "251 bytes, a program's name ends after 63. A program that could not be started shows the file's name alone; "
        "system calls of 32-bit programs show only when they succeed."
    ),
)
