"""Mounting and unmounting: by whom, what, where, with what result."""

from ebtop.probes.calls import CALL, COLUMNS, PROCESS, RESULT
from ebtop.probes.fields import COMPAT
from ebtop.spec import Events, Hook, Key, Kind, Probe, Table, Way

_FLAGS = (
    (1 << 0, "ro"),
    (1 << 1, "nosuid"),
    (1 << 2, "nodev"),
    (1 << 3, "noexec"),
    (1 << 4, "sync"),
    (1 << 5, "remount"),
    (1 << 6, "mand"),
    (1 << 7, "dirsync"),
    (1 << 8, "nosymfollow"),
    (1 << 10, "noatime"),
    (1 << 11, "nodiratime"),
    (1 << 12, "bind"),
    (1 << 13, "move"),
    (1 << 14, "rec"),
    (1 << 15, "silent"),
    (1 << 16, "posixacl"),
    (1 << 17, "unbindable"),
    (1 << 18, "private"),
    (1 << 19, "slave"),
    (1 << 20, "shared"),
    (1 << 21, "relatime"),
    (1 << 24, "strictatime"),
    (1 << 25, "lazytime"),
    (1 << 32, "force"),
    (1 << 33, "detach"),
    (1 << 34, "expire"),
    (1 << 35, "nofollow"),
)
"""MS_… of include/uapi/linux/mount.h; from bit 32 MNT_FORCE and what follows it, include/linux/fs.h."""

PROBE = Probe(
    name="mounts",
    title="Mounts",
    question="Who mounts and unmounts what, and does it work?",
    slot=0,
    default=False,
    same=("mountsnoop-bpfcc",),
    group="files",
    ways=(
        Way(
            "raw_tracepoint",
            (Hook("raw_tracepoint", "sys_exit", "mounts_exit"),),
            fields=COMPAT,
        ),
    ),
    views=(
        Events(
            "mounted",
            "last mounts and unmounts",
            "mounts_events",
            "mounts_record",
            (
                Key("ns", Kind.TIME, "time"),
                PROCESS,
                Key("comm", Kind.TEXT, "program", importance=3),
                Key("uid", Kind.UID, "user", importance=5),
                CALL,
                Key("source", Kind.TEXT, "source", "device, folder or whatever the file system takes for one"),
                Key("target", Kind.TEXT, "target"),
                Key("type", Kind.TEXT, "type", "the file system's", importance=2),
                Key("flags", Kind.FLAGS, "flags", "of mount and umount2", importance=4, codes=_FLAGS),
                RESULT,
            ),
        ),
        Table("by_process", "by process and call", "mounts_rows", (PROCESS, CALL, RESULT), COLUMNS, "calls_per_second"),
    ),
    misses=(
        "Mounts that the kernel makes or ends by itself (automounts, the end of a namespace), fsconfig, and calls of "
        "32-bit programs. Names are as they were given, relative ones too, and are cut off after 127 bytes; of mounts "
        "that are made in steps each step is an event, with what that call was given."
    ),
)
