"""Files opened: which, by whom, with what result."""

from ebtop.spec import Events, Hook, Key, Kind, Probe, Table, Way, rate, total

_CALLS = (
    ("openat", "opens_enter_at"),
    ("openat2", "opens_enter_at"),
    ("open", "opens_enter"),
    ("creat", "opens_enter"),
)
"""Call and the function at its beginning."""
_FIELDS = (
    "task_struct.fs",
    "task_struct.files",
    "fs_struct.pwd.mnt",
    "fs_struct.pwd.dentry",
    "fs_struct.root.mnt",
    "fs_struct.root.dentry",
    "files_struct.fdt",
    "fdtable.max_fds",
    "fdtable.fd",
    "file.f_path.mnt",
    "file.f_path.dentry",
    "dentry.d_parent",
    "dentry.d_name.name",
    "dentry.d_name.len",
    "vfsmount.mnt_root",
    "mount.mnt.mnt_root",
    "mount.mnt_parent",
    "mount.mnt_mountpoint",
)
_COLUMNS = (
    rate("opens"),
    rate("failures", title="fail/s", importance=1),
    total("opens", importance=3),
    total("failures", importance=4),
)
_PROCESS = Key("pid", Kind.PID)
_PATH = Key("path", Kind.NUMBERED, texts="opens_paths")
_RESULT = Key("errno", Kind.ERRNO, "result", importance=2)

PROBE = Probe(
    name="opens",
    title="Opens",
    question="Which files are opened, by whom, and which of them cannot be?",
    slot=3,
    same=(
        "opensnoop-bpfcc",
        "opensnoop.bt",
    ),
    group="files",
    ways=(
        Way(
            "tracepoint",
            (
                Hook("raw_tracepoint", "sched_process_exit", "opens_gone"),
                *(
                    Hook("tracepoint", f"syscalls:sys_exit_{call}", "opens_exit", optional=call != "openat")
                    for call, _ in _CALLS
                ),
                *(
                    Hook("tracepoint", f"syscalls:sys_enter_{call}", function, optional=call != "openat")
                    for call, function in _CALLS
                ),
            ),
            fields=_FIELDS,
        ),
    ),
    views=(
        Table("by_file", "by file", "opens_files", (_PROCESS, _PATH, _RESULT), _COLUMNS, "opens_per_second"),
        Table("by_process", "by process", "opens_files", (_PROCESS,), _COLUMNS, "opens_per_second"),
        Table("by_path", "by path", "opens_files", (_PATH, _RESULT), _COLUMNS, "opens_per_second"),
        Table("by_result", "by result", "opens_files", (_RESULT,), _COLUMNS, "opens_per_second"),
        Events(
            "failed",
            "last opens that failed",
            "opens_events",
            "opens_record",
            (
                Key("ns", Kind.TIME, "time"),
                _PROCESS,
                Key("comm", Kind.TEXT, "program", importance=4),
                Key("uid", Kind.UID, "user", importance=3),
                _RESULT,
                Key("path", Kind.TEXT),
            ),
        ),
    ),
    misses=(
        "io_uring, open_by_handle_at, what the kernel itself opens (programs being started), and system calls of "
        "32-bit programs. Symbolic links and .. stay in the path; it is as the process's own root sees it, and ends "
        "with ... where it is longer than 255 bytes."
    ),
)
