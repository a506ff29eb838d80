"""BPF programs loaded and attached by system calls: closing a descriptor detaches; knows nothing of BCC or probes.

Layouts: union bpf_attr in include/uapi/linux/bpf.h, struct perf_event_attr in include/uapi/linux/perf_event.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from ebtop.kernel import bpf, perf, release, sampling

_PROG_LOAD, _RAW_TRACEPOINT_OPEN = 5, 17
_TYPES = {
    "kprobe": 2,
    "kretprobe": 2,
    "uprobe": 2,
    "uretprobe": 2,
    "usdt": 2,
    "tracepoint": 5,
    "xdp": 6,
    "perf_event": 7,
    "raw_tracepoint": 17,
    "fentry": 26,
    "fexit": 26,
}
"""enum bpf_prog_type by kind of hook."""
KINDS = tuple(_TYPES)
"""Kinds of hooks."""
_ATTACH_TYPES = {"fentry": 24, "fexit": 25, "xdp": 37}
"""enum bpf_attach_type."""
_TRAMPOLINES = ("fentry", "fexit")
_XDP_HAS_FRAGS = 1 << 5
"""BPF_F_XDP_HAS_FRAGS, Linux 5.18: packets need not lie in one piece."""
_LICENSE = b"Dual BSD/GPL\0"
"""One of the names by which the kernel knows that GPL-only helpers may be used (include/linux/license.h)."""
_LOG_SIZE = 1 << 18
_INSTRUCTION = 8
_RETURN_ZERO = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0)
"""r0 = 0; exit (Documentation/bpf/standardization/instruction-set.rst)."""
KPROBE_UNIT = Path("/sys/bus/event_source/devices/kprobe")
UPROBE_UNIT = Path("/sys/bus/event_source/devices/uprobe")
"""The performance-monitoring units of kprobes and uprobes, Linux 4.17: a hook that lives as long as its descriptor."""
_RETURNING = ("kretprobe", "uretprobe")

TRACEFS = (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing"))
"""Where tracefs may be mounted."""


class Refused(Exception):  # noqa: N818 - what happened
    """The kernel did not take a program or an attachment; `log` is what the verifier said."""

    def __init__(self, what: str, log: str = "") -> None:
        super().__init__(what)
        self.log = log


def load(kind: str, function: str, instructions: bytes, btf_id: int = 0) -> int:
    """Descriptor of the program `function` for hooks of `kind`; `btf_id` of the kernel function for fentry and fexit.

    Refused with the verifier's log when the kernel does not take it.
    """
    try:
        return _load(kind, function, instructions, btf_id, None)
    except OSError as error:
        if error.errno == errno.EPERM:
            why = f"{function}: the kernel does not permit this process to load programs for {kind}"
            raise Refused(why if os.geteuid() == 0 else f"{why}; sudo ebtop") from error
        log = ctypes.create_string_buffer(_LOG_SIZE)
        try:
            return _load(kind, function, instructions, btf_id, log)
        except OSError as again:
            raise Refused(_verdict(function, again, log.value), log.value.decode("utf-8", "replace")) from again


def _load(kind: str, function: str, code: bytes, btf_id: int, log: ctypes.Array[ctypes.c_char] | None) -> int:
    kept = ctypes.create_string_buffer(code, len(code))
    license_name = ctypes.create_string_buffer(_LICENSE)
    attributes = bytearray(144)
    struct.pack_into("=IIQQ", attributes, 0, _TYPES[kind], len(code) // _INSTRUCTION, _at(kept), _at(license_name))
    if log is not None:
        struct.pack_into("=IIQ", attributes, 24, 1, len(log), _at(log))
    if kind == "xdp" and _knows_frags():
        struct.pack_into("=I", attributes, 44, _XDP_HAS_FRAGS)
    struct.pack_into("=16s", attributes, 48, function.encode()[:15])
    struct.pack_into("=I", attributes, 68, _ATTACH_TYPES.get(kind, 0))
    struct.pack_into("=I", attributes, 108, btf_id)
    for _ in range(5):
        try:
            return bpf.bpf(_PROG_LOAD, attributes)
        except BlockingIOError:  # a signal came in between, see libbpf's sys_bpf_prog_load
            continue
    return bpf.bpf(_PROG_LOAD, attributes)


def _knows_frags() -> bool:
    return release.version() >= (5, 18)


def trial(kind: str, btf_id: int = 0) -> str:
    """Why the kernel takes no program of that kind at all, in a few words; "" if it does.

    `btf_id`: the function that an fentry or fexit program would go on.

    Some kernels know the function but not the trampoline; only asking tells.
    """
    try:
        os.close(_load(kind, "ebtop_trial", _RETURN_ZERO, btf_id, None))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _verdict(function: str, error: OSError, log: bytes) -> str:
    lines = [line for line in log.decode("utf-8", "replace").splitlines() if line.strip()]
    reasons = [line for line in lines if not line.startswith(("processed ", "verification time", "stack depth"))]
    said = f": {reasons[-1].strip()}" if reasons else ""
    return f"{function}: the verifier refused it ({error.strerror}){said}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """`program` on its place, until every descriptor of this is closed."""

    link: int
    """Closing it detaches at once; one for all CPUs of a perf_event. -1 before Linux 5.15, where a tracepoint's or
    kprobe's perf event is all there is."""
    event: int
    """The perf event below a link, -1 where there is none: closing it waits for all processors (synchronize_rcu)."""

    def close(self) -> None:
        """Detach."""
        for descriptor in (self.link, self.event):
            if descriptor >= 0:
                os.close(descriptor)


def attach_in_file(kind: str, file: str, offset: int, semaphore: int, program: int) -> Attachment:
    """Put `program` at `offset` of a program or library, whoever runs it. Refused when the kernel does not.

    `semaphore`: offset of a counter that the kernel raises in every process while this is attached, 0 for none.
    """
    unit = UPROBE_UNIT
    try:
        name = ctypes.create_string_buffer(os.fsencode(file))
        config = _retprobe_bit(unit) if kind in _RETURNING else 0
        if semaphore:
            config |= semaphore << _semaphore_shift(unit)
        attributes = _attributes(_unit_type(unit), config)
        struct.pack_into("=QQ", attributes, 56, _at(name), offset)
        return _attach_perf_event(attributes, program)
    except OSError as error:
        why = f"{kind}:{file}: the kernel did not attach the program ({error.strerror})"
        raise Refused(why) from error


def place(kind: str, target: str) -> str:
    """How a hook is spoken of: kind and target, and of a perf event how frequent it is and on how many CPUs."""
    return f"{kind}:{sampling.said(target) if kind == 'perf_event' else target}"


def attach(kind: str, target: str, program: int) -> Attachment:
    """Put `program` on `target` in the kernel. Refused when the kernel does not."""
    try:
        if kind == "raw_tracepoint":
            return Attachment(_open_raw(program, target), -1)
        if kind in _TRAMPOLINES:
            return Attachment(_open_raw(program, ""), -1)
        if kind == "perf_event":
            return Attachment(sampling.attach(target, program), -1)
        if kind == "tracepoint":
            return _attach_perf_event(_attributes(perf.TRACEPOINT, tracepoint_id(target)), program)
        return _attach_kprobe(kind, target, program)
    except OSError as error:
        raise Refused(f"{kind}:{target}: the kernel did not attach the program ({error.strerror})") from error


def _open_raw(program: int, target: str) -> int:
    name = ctypes.create_string_buffer(target.encode())
    return bpf.bpf(_RAW_TRACEPOINT_OPEN, bytearray(struct.pack("=QII", _at(name) if target else 0, program, 0)))


def _attach_kprobe(kind: str, target: str, program: int) -> Attachment:
    name = ctypes.create_string_buffer(target.encode())
    attributes = _attributes(_unit_type(KPROBE_UNIT), _retprobe_bit(KPROBE_UNIT) if kind in _RETURNING else 0)
    struct.pack_into("=Q", attributes, 56, _at(name))
    return _attach_perf_event(attributes, program)


def _attributes(event_type: int, config: int) -> bytearray:
    """struct perf_event_attr of an event of which every occurrence counts."""
    attributes = bytearray(perf.ATTRIBUTES)
    struct.pack_into("=IIQ", attributes, 0, event_type, len(attributes), config)
    struct.pack_into("=Q", attributes, 16, 1)  # sample_period
    struct.pack_into("=I", attributes, 48, 1)  # wakeup_events
    return attributes


def _attach_perf_event(attributes: bytearray, program: int) -> Attachment:
    descriptor = perf.open_event(attributes, min(os.sched_getaffinity(0)))
    try:
        link = perf.run_on(descriptor, program)
    except OSError:
        os.close(descriptor)
        raise
    return Attachment(link, descriptor)


def _unit_type(unit: Path) -> int:
    return int((unit / "type").read_text())


def _retprobe_bit(unit: Path) -> int:
    return 1 << int((unit / "format" / "retprobe").read_text().partition(":")[2])


def _semaphore_shift(unit: Path) -> int:
    """Where a marker's counter goes; OSError before Linux 4.20, which has no such thing."""
    return int((unit / "format" / "ref_ctr_offset").read_text().partition(":")[2].partition("-")[0])


def tracepoint_id(target: str) -> int:
    """The number of the tracepoint `category:event`; OSError where tracefs has none."""
    for place in TRACEFS:
        path = place / "events" / target.replace(":", "/") / "id"
        if path.exists():
            return int(path.read_text())
    raise FileNotFoundError(errno.ENOENT, f"no tracepoint {target}")


def _at(buffer: ctypes.Array[ctypes.c_char]) -> int:
    return ctypes.addressof(buffer)
