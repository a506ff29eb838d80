"""Perf events and programs on them, by system calls; knows nothing of which events there are or what they are for.

Layouts: struct perf_event_attr in include/uapi/linux/perf_event.h, union bpf_attr in include/uapi/linux/bpf.h.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import struct

from ebtop.kernel import bpf

ATTRIBUTES = 112
"""Bytes of struct perf_event_attr as of PERF_ATTR_SIZE_VER5, Linux 4.1."""
SOFTWARE, TRACEPOINT = 1, 2
"""enum perf_type_id."""
_OPEN = {"x86_64": 298, "aarch64": 241}
_FLAG_FD_CLOEXEC = 8
_LINK_CREATE, _BPF_PERF_EVENT = 28, 41
"""enum bpf_cmd and enum bpf_attach_type; for perf events since Linux 5.15."""
_IOC_ENABLE, _IOC_SET_BPF = 0x2400, 0x40042408

_libc = ctypes.CDLL(None, use_errno=True)


def open_event(attributes: bytearray, cpu: int) -> int:
    """Descriptor (close-on-exec) of a new perf event of all processes on `cpu`; OSError when the kernel refuses."""
    place = (ctypes.c_char * len(attributes)).from_buffer(attributes)
    every, where, group = ctypes.c_int(-1), ctypes.c_int(cpu), ctypes.c_int(-1)
    flags = ctypes.c_ulong(_FLAG_FD_CLOEXEC)
    number = _OPEN[platform.machine()]
    result = _libc.syscall(ctypes.c_long(number), ctypes.byref(place), every, where, group, flags)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(result)


def run_on(event: int, program: int) -> int:
    """Have `program` run on `event` from now on: descriptor of a link, which holds the event too.

    -1 where the kernel has no links for perf events: the program hangs on the event itself then.
    """
    link = _link(event, program)
    try:
        fcntl.ioctl(event, _IOC_ENABLE, 0)
    except OSError:
        if link >= 0:
            os.close(link)
        raise
    return link


def _link(event: int, program: int) -> int:
    try:
        return bpf.bpf(_LINK_CREATE, bytearray(struct.pack("=IIIIQ", program, event, _BPF_PERF_EVENT, 0, 0)))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    fcntl.ioctl(event, _IOC_SET_BPF, program)
    return -1
