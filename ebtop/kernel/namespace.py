"""A mount namespace of ebtop's own where tracefs is mounted; knows nothing of what is read there.

The host keeps its mounts as they are: the new namespace is a slave, so nothing that is mounted here is seen there.
Flags: include/uapi/linux/mount.h, include/uapi/linux/sched.h.
"""

from __future__ import annotations

import ctypes
import os

TRACEFS = "/sys/kernel/tracing"
_PLACES = (TRACEFS, "/sys/kernel/debug/tracing")
_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
_MS_REC = 0x4000
_MS_SLAVE = 1 << 19

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_void_p)


def mounted_tracefs() -> str:
    """Where this process sees tracefs and may look into it; empty when nowhere."""
    return next((place for place in _PLACES if os.access(f"{place}/events", os.R_OK | os.X_OK)), "")


def mount_tracefs() -> None:
    """Mount tracefs for this process and its children only, unless it is mounted. OSError without CAP_SYS_ADMIN."""
    if mounted_tracefs():
        return
    _check(_libc.unshare(_CLONE_NEWNS), "a mount namespace of its own")
    _check(_libc.mount(None, b"/", None, _MS_REC | _MS_SLAVE, None), "keeping mounts from the host")
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    _check(_libc.mount(b"tracefs", TRACEFS.encode(), b"tracefs", flags, None), f"tracefs on {TRACEFS}")


def _check(result: int, what: str) -> None:
    if result:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
