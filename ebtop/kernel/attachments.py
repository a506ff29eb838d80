"""Where on the host each BPF program is attached, and who holds BPF descriptors; knows nothing of what they count.

Links tell it by id (BPF_LINK_GET_NEXT_ID); programs on a perf event by asking about the process's descriptor
(BPF_TASK_FD_QUERY). Layouts: struct bpf_link_info and bpf_attr.task_fd_query in include/uapi/linux/bpf.h.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ebtop.kernel import bpf

_TASK_FD_QUERY = 20
"""enum bpf_cmd."""
_LINK_INFO_SIZE = 256
_NAME_SIZE = 128
_UNION = 16
"""Offset of the part of struct bpf_link_info that depends on the type."""
_RAW_TRACEPOINT, _TRACING, _CGROUP, _ITER, _NETNS, _XDP, _PERF_EVENT, _KPROBE_MULTI = range(1, 9)
_LINK_NAMES = {9: "struct_ops", 10: "netfilter", 11: "tcx", 12: "uprobe_multi", 13: "netkit", 14: "sockmap"}
_PERF_NAMES = {1: "uprobe", 2: "uretprobe", 3: "kprobe", 4: "kretprobe", 5: "tracepoint", 6: "perf_event"}
_QUERY_NAMES = ("raw_tracepoint", "tracepoint", "kprobe", "kretprobe", "uprobe", "uretprobe")
_ANONYMOUS = {
    "anon_inode:bpf-prog": "prog",
    "anon_inode:bpf-map": "map",
    "anon_inode:bpf_link": "prog",
    "anon_inode:bpf-link": "prog",
    "anon_inode:[perf_event]": "perf_event",
}
"""Link target of /proc/PID/fd/N to what it holds; a link holds its program."""


@dataclass(frozen=True, slots=True)
class Held:
    """One descriptor of one process that holds something of BPF."""

    pid: int
    descriptor: int
    kind: str
    """prog, map or perf_event."""
    number: int
    """Id of the program or map; 0 for a perf event."""


class Attachments:
    """Attach points by program id, as of the last look."""

    def __init__(self) -> None:
        self._places: dict[int, set[str]] = {}

    def look(self, perf_events: Iterable[tuple[int, int]]) -> None:
        """Read every link of the host, and what hangs on `perf_events` (pid, descriptor)."""
        self._places = {}
        for program, place in (*links(), *_on_perf_events(perf_events)):
            self._places.setdefault(program, set()).add(place)

    def places(self, program: int) -> tuple[str, ...]:
        """The places of the program with that id, sorted."""
        return tuple(sorted(self._places.get(program, ())))

    def of(self, program: int) -> bytes:
        """The places of the program with that id, comma-separated, at most 64 bytes."""
        return ",".join(self.places(program)).encode("utf-8", "replace")[:64]


def descriptors_of_processes() -> Iterator[Held]:
    """Every BPF descriptor of every process that may be looked at."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            yield from descriptors_of(int(name))


def descriptors_of(pid: int) -> Iterator[Held]:
    """Every BPF descriptor of one process; none where it is gone or may not be looked at."""
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:  # gone, or not ours to look at
        return
    for name in names:
        try:
            kind = _ANONYMOUS.get(os.readlink(f"{folder}/{name}"), "")
            number = _number(pid, name, kind) if kind in ("prog", "map") else 0
        except OSError:  # closed meanwhile
            continue
        if kind:
            yield Held(pid, int(name), kind, number)


def _number(pid: int, descriptor: str, kind: str) -> int:
    wanted = f"{kind}_id:".encode()
    with open(f"/proc/{pid}/fdinfo/{descriptor}", "rb") as file:
        for line in file:
            if line.startswith(wanted):
                return int(line.split()[1])
    return 0


def links() -> Iterator[tuple[int, str]]:
    """Program id and place of every BPF link of the host."""
    for number in bpf.ids(bpf.LINK_NEXT_ID):
        try:
            descriptor = bpf.by_id(bpf.LINK_BY_ID, number)
        except BlockingIOError:  # EAGAIN: not yet complete
            continue
        if descriptor is None:
            continue
        try:
            yield _link(descriptor)
        finally:
            os.close(descriptor)


def _link(descriptor: int) -> tuple[int, str]:
    info = bpf.info(descriptor)
    kind, _, program = struct.unpack_from("<III", info)
    return program, _place(descriptor, kind, info)


def _place(descriptor: int, kind: int, info: bytes) -> str:
    if kind == _RAW_TRACEPOINT:
        return f"raw_tracepoint:{_named(descriptor, _UNION)}"
    if kind == _PERF_EVENT:
        return _perf_place(descriptor, info)
    if kind == _TRACING:
        return f"tracing:btf {struct.unpack_from('<I', info, _UNION + 8)[0]}"
    if kind == _CGROUP:
        return f"cgroup:{struct.unpack_from('<Q', info, _UNION)[0]}"
    if kind == _ITER:
        return f"iter:{_named(descriptor, _UNION)}"
    if kind == _NETNS:
        return f"netns:{struct.unpack_from('<I', info, _UNION)[0]}"
    if kind == _XDP:
        return f"xdp:{_interface(struct.unpack_from('<I', info, _UNION)[0])}"
    if kind == _KPROBE_MULTI:
        return f"kprobe_multi:{struct.unpack_from('<I', info, _UNION + 8)[0]} functions"
    return _LINK_NAMES.get(kind, f"link type {kind}")


def _perf_place(descriptor: int, info: bytes) -> str:
    event = struct.unpack_from("<I", info, _UNION)[0]
    name = _PERF_NAMES.get(event, "perf_event")
    return f"{name}:{_named(descriptor, _UNION + 8)}" if event in (1, 2, 3, 4, 5) else name


def _named(descriptor: int, pointer: int) -> str:
    """The name that the link's info keeps behind the pointer and length at offset `pointer`."""
    name, request = bytearray(_NAME_SIZE), bytearray(_LINK_INFO_SIZE)
    struct.pack_into("=QI", request, pointer, _address(name), len(name))
    bpf.info_into(descriptor, request)
    return bytes(name).split(b"\0", 1)[0].decode("utf-8", "replace")


def _interface(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:  # in another network namespace
        return f"interface {index}"


def _on_perf_events(perf_events: Iterable[tuple[int, int]]) -> Iterator[tuple[int, str]]:
    for pid, descriptor in perf_events:
        name = bytearray(_NAME_SIZE)
        query = bytearray(struct.pack("<IIIIQIIQQ", pid, descriptor, 0, len(name), _address(name), 0, 0, 0, 0))
        try:
            bpf.bpf(_TASK_FD_QUERY, query)
        except OSError:  # closed meanwhile, or a perf event without a program
            continue
        program, kind = struct.unpack_from("<II", query, 24)
        what = _QUERY_NAMES[kind] if kind < len(_QUERY_NAMES) else "perf_event"
        yield program, f"{what}:{bytes(name).split(bytes(1), 1)[0].decode('utf-8', 'replace')}"


def _address(buffer: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
