"""Signals: who sends which to whom, and what becomes of them."""

from ebtop.spec import Events, Hook, Key, Kind, Probe, Table, Way, rate, total
from ebtop.units import SIGNALS

_ORIGINS = (
    (0, "kill"),
    (1, "child"),
    (2, "fault"),
    (128, "kernel"),
    (-1, "sigqueue"),
    (-2, "timer"),
    (-3, "message queue"),
    (-4, "aio"),
    (-5, "i/o"),
    (-6, "tgkill"),
    (-7, "execve"),
)
"""si_code, include/uapi/asm-generic/siginfo.h; 1 and 2 are signals.c's own."""
_RESULTS = ((0, "delivered"), (1, "ignored"), (2, "pending already"), (3, "queue full"), (4, "without its data"))
"""TRACE_SIGNAL_…, include/trace/events/signal.h."""
_SENDER = Key("pid", Kind.PID, "sender", "who sent it; 0 for what the kernel sends of its own accord")
_TARGET = Key("target", Kind.NUMBER, "to", "the process that it is sent to", importance=2)
_PROGRAM = Key("program", Kind.TEXT, "to program")
_SIGNAL = Key("sig", Kind.CODE, "signal", codes=SIGNALS)
_ORIGIN = Key(
    "origin",
    Kind.CODE,
    "by",
    "kill: also whatever else is sent as if by kill, SIGPIPE for one",
    importance=3,
    codes=_ORIGINS,
)
_RESULT = Key("result", Kind.CODE, "result", "ignored: or blocked for good", importance=2, codes=_RESULTS)
_COLUMNS = (
    rate("signals", help="signals generated, per second"),
    total("signals", importance=4),
)
_SORT = "signals_per_second"

PROBE = Probe(
    name="signals",
    title="Signals",
    question="Who signals whom, with what, and does it arrive?",
    slot=0,
    default=False,
    same=(
        "killsnoop-bpfcc",
        "bpftrace -e 'tracepoint:signal:signal_generate { @[comm, args->pid, args->sig] = count(); }'",
    ),
    group="processes and system calls",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "signal_generate", "signals_generate"),),
            fields=("task_struct.tgid", "task_struct.comm", "kernel_siginfo.si_code"),
        ),
    ),
    views=(
        Events(
            "sent",
            "last signals",
            "signals_events",
            "signals_record",
            (
                Key("ns", Kind.TIME, "time"),
                Key("pid", Kind.PID, "sender"),
                Key("comm", Kind.TEXT, "program"),
                Key("uid", Kind.UID, "user", importance=5),
                _SIGNAL,
                _TARGET,
                _PROGRAM,
                _ORIGIN,
                _RESULT,
            ),
        ),
        Table(
            "by_both",
            "by sender and target",
            "signals_rows",
            (_SENDER, _SIGNAL, _TARGET, _PROGRAM, _ORIGIN, _RESULT),
            _COLUMNS,
            _SORT,
        ),
        Table("by_signal", "by signal", "signals_rows", (_SIGNAL, _RESULT), _COLUMNS, _SORT),
        Table("by_sender", "by sender", "signals_rows", (_SENDER,), _COLUMNS, _SORT),
        Table("by_target", "by target", "signals_rows", (_PROGRAM, _TARGET), _COLUMNS, _SORT),
    ),
    misses=(
        "Signals to nobody (kill with 0, or a process that is not there), and whether a handler ran in the end. A "
        "signal to a process group is one for each process. Who pressed the key behind a terminal's SIGINT is not "
        "known: it comes from the kernel."
    ),
)
