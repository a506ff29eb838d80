"""Capabilities, no_new_privs and parent-death signals of this process; knows nothing of why it has or drops them.

Numbers: include/uapi/linux/capability.h, include/uapi/linux/prctl.h.
"""

from __future__ import annotations

import ctypes
import os
import struct

CAP_DAC_READ_SEARCH = 2
CAP_SYS_ADMIN = 21
CAP_PERFMON = 38
CAP_BPF = 39

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)


def effective() -> frozenset[int]:
    """The numbers of this process's effective capabilities."""
    with open("/proc/self/status", encoding="ascii") as file:
        mask = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff:"))
    return frozenset(number for number in range(64) if mask >> number & 1)


def become(uid: int, gid: int, keep: frozenset[int] = frozenset()) -> None:
    """Be `uid` and `gid` for good, with no capability but `keep`, no way to gain one, and unreadable to debuggers.

    As root, or with the capabilities that it takes, the user changes; otherwise `uid` must be the user this already is.
    OSError when the kernel refuses.
    """
    _drop_bounding_set()
    if (os.getuid(), os.geteuid()) != (uid, uid):
        _prctl(_PR_SET_KEEPCAPS, int(bool(keep)))
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        _prctl(_PR_SET_KEEPCAPS, 0)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _set_capabilities(keep)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)


def die_with_parent(parent: int, number: int) -> None:
    """Have the kernel send this process signal `number` when `parent` ends; at once if it already has.

    A change of user clears it (kernel/cred.c, commit_creds), so call it after `become`.
    """
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def _drop_bounding_set() -> None:
    with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
        last = int(file.read())
    try:
        for number in range(last + 1):
            _prctl(_PR_CAPBSET_DROP, number)
    except PermissionError:  # without CAP_SETPCAP; no_new_privs makes the bounding set unreachable as well
        return


def _set_capabilities(keep: frozenset[int]) -> None:
    mask = sum(1 << number for number in keep)
    low, high = mask & 0xFFFF_FFFF, mask >> 32
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    if _libc.capset(header, struct.pack("=6I", low, low, 0, high, high, 0)):
        code = ctypes.get_errno()
        raise OSError(code, f"capset: {os.strerror(code)}")


def _prctl(option: int, argument: int) -> None:
    if _libc.prctl(option, argument, 0, 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")
