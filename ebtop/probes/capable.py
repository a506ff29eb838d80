"""Capability checks: whose, which capability, granted or not."""

from ebtop.spec import Hook, Key, Kind, Probe, Table, Way, rate, total

_CAPABILITIES = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
    SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
    MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
"""
"""In the order of their numbers, include/uapi/linux/capability.h."""
_PROCESS = Key("pid", Kind.PID)
_CAPABILITY = Key(
    "cap", Kind.CODE, "capability", codes=tuple(enumerate(f"CAP_{name}" for name in _CAPABILITIES.split()))
)
_RESULT = Key("result", Kind.CODE, "result", codes=((0, "granted"), (1, "refused"), (2, "not known")))
_COLUMNS = (
    rate("checks", help="times the kernel asked whether the process has the capability, per second"),
    total("checks", importance=3),
)
_SORT = "checks_per_second"

PROBE = Probe(
    name="capable",
    title="Capability checks",
    question="Which capabilities do processes need, and which are they refused?",
    slot=0,
    default=False,
    same=(
        "capable-bpfcc",
        "capable.bt",
    ),
    group="security",
    ways=(
        Way("raw_tracepoint", (Hook("raw_tracepoint", "cap_capable", "capable_raw"),)),
        Way("fexit", (Hook("fexit", "cap_capable", "capable_fexit"),)),
        Way(
            "kprobe",
            (Hook("kprobe", "cap_capable", "capable_kprobe"),),
            misses="Whether it was granted: this way sees the question only.",
        ),
    ),
    views=(
        Table(
            "by_process", "by process and capability", "capable_rows", (_PROCESS, _CAPABILITY, _RESULT), _COLUMNS, _SORT
        ),
        Table("by_capability", "by capability", "capable_rows", (_CAPABILITY, _RESULT), _COLUMNS, _SORT),
    ),
    misses=(
        "A check is not a use: much is asked only to know whether a limit applies (CAP_SYS_ADMIN at every mmap), and "
        "nobody is told of the answer. What another security module refuses after the capability was granted."
    ),
)
