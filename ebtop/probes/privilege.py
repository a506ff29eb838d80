"""Calls that give or take privilege, change what the kernel runs, or open files that hold secrets."""

from ebtop.probes.calls import COLUMNS, PROCESS, RESULT
from ebtop.probes.fields import COMPAT
from ebtop.spec import Events, Hook, Key, Kind, Probe, Table, Way

_WHAT = (
    (1, "user"),
    (2, "group"),
    (3, "capabilities"),
    (4, "trace"),
    (5, "memory"),
    (6, "module"),
    (7, "kernel"),
    (8, "bpf load"),
    (9, "bpf attach"),
    (10, "perf"),
    (11, "mount"),
    (12, "root"),
    (13, "namespace"),
    (14, "keys"),
    (15, "ports"),
    (16, "reboot"),
    (17, "secret"),
)
"""The enumeration in privilege.c."""
_NAMESPACES = (
    (0x00000080, "time"),
    (0x00020000, "mount"),
    (0x02000000, "cgroup"),
    (0x04000000, "uts"),
    (0x08000000, "ipc"),
    (0x10000000, "user"),
    (0x20000000, "pid"),
    (0x40000000, "net"),
)
"""CLONE_NEW…, include/uapi/linux/sched.h."""
_ABOUT = Key(
    "what",
    Kind.CODE,
    "what",
    "trace: ptrace that attaches; memory: another process's; kernel: kexec; ports: of I/O; secret: a file's open",
    codes=_WHAT,
)
_SORT = "calls_per_second"

PROBE = Probe(
    name="privilege",
    title="Privileged calls",
    question="Who changes identity, traces others, loads modules or BPF, enters namespaces, opens secrets?",
    slot=0,
    default=False,
    same=(
        "setuids.bt",
        "bpftrace -e 'tracepoint:syscalls:sys_enter_ptrace { @[comm] = count(); }'",
    ),
    group="security",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "sys_exit", "privilege_exit"),),
            fields=COMPAT,
        ),
    ),
    views=(
        Events(
            "called",
            "last privileged calls",
            "privilege_events",
            "privilege_record",
            (
                Key("ns", Kind.TIME, "time"),
                PROCESS,
                Key("comm", Kind.TEXT, "program"),
                Key("uid", Kind.UID, "user", "as it is after the call", importance=2),
                _ABOUT,
                Key("nr", Kind.SYSCALL, "call", importance=3),
                Key("detail", Kind.TEXT, "detail", "the ids, the other process, the name of file, module or program"),
                Key("flags", Kind.FLAGS, "namespaces", importance=4, codes=_NAMESPACES),
                RESULT,
            ),
        ),
        Table("by_process", "by process", "privilege_rows", (PROCESS, _ABOUT, RESULT), COLUMNS, _SORT),
        Table("by_what", "by what it is about", "privilege_rows", (_ABOUT, RESULT), COLUMNS, _SORT),
    ),
    misses=(
        "Calls of 32-bit programs, io_uring, programs that are set-user-ID (the probe exec has them), prctl, file "
        "capabilities, and setfsuid. Of ptrace it tells the beginning, of bpf loading and attaching. Files are told by "
        "the name as it was given, before links are followed: /etc/shadow, gshadow, sudoers, ssh/ssh_host_…, .ssh in "
        "/root and below /home (within 63 bytes), /proc/kcore, /dev/mem, kmem and port; relative ones are not."
    ),
)
