"""What makes a forked child a process of its own: descriptors, output, limits; knows nothing of what it does then."""

from __future__ import annotations

import os
import resource
import signal
import stat

from ebtop import wire

_STANDARD = 3
_NO_MEMLOCK = (5, 11, 0)
"""From here on BPF's memory is the control group's, not the locked-memory limit's."""
_PATH = "/usr/bin:/bin"


def close_foreign(*kept: int) -> None:
    """Close every descriptor but the standard ones and those `kept`."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) >= _STANDARD and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:  # the descriptor of the listing itself
                continue


def catch_output() -> None:
    """stdout and stderr into a memory file, if they are not one already; it is read for the log."""
    if stat.S_ISREG(os.fstat(2).st_mode) and os.readlink("/proc/self/fd/2").startswith("/memfd:"):
        return
    caught = os.memfd_create("ebtop-loader-output", os.MFD_CLOEXEC)
    os.dup2(caught, 1)
    os.dup2(caught, 2)


def stand_alone(kernel: tuple[int, int, int]) -> None:
    """A session of its own, no terminal's signals, locked memory without limit (Linux before 5.11), nobody's PATH."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if kernel < _NO_MEMLOCK:
        try:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (ValueError, OSError) as error:  # without CAP_SYS_RESOURCE; loading may do all the same
            os.write(2, f"locked memory stays limited: {error}\n".encode())
    os.environ["PATH"] = _PATH


def written() -> int:
    """How much was written to stderr by now, for `log_since`."""
    return os.lseek(2, 0, os.SEEK_END) if stat.S_ISREG(os.fstat(2).st_mode) else 0


def log_since(begin: int) -> str:
    """What was written to stderr since, the last of it."""
    if not stat.S_ISREG(os.fstat(2).st_mode):
        return ""
    begin = max(begin, os.fstat(2).st_size - wire.LOG_LIMIT)
    return os.pread(2, wire.LOG_LIMIT, begin).decode("utf-8", "replace")
