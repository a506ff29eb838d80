"""Every BPF program and map of the host, as fixed-size records; knows nothing of rates, and keeps no object alive.

Ids are walked and each object opened for as long as it takes to read its info. Owners are the processes that hold a
descriptor of it (/proc/*/fdinfo), looked for when an unknown id appears. Layouts: include/uapi/linux/bpf.h.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from time import CLOCK_BOOTTIME, clock_gettime_ns, monotonic

from ebtop.kernel import bpf
from ebtop.kernel.attachments import Attachments, descriptors_of_processes
from ebtop.wire import Field

PROGRAM_KEY = (
    Field("id", "<u4", 0),
    Field("pid", "<u4", 4),
    Field("type", "S24", 8),
    Field("name", "S16", 32),
    Field("attached", "S64", 48),
    Field("tag", "S16", 112),
    Field("mark", "S8", 128),
    Field("uid", "<u4", 136),
)
"""`pid`: owner, 0 for none (pinned, or held by the kernel); `mark`: "ebtop" for our own; `tag`: in hexadecimal;
`uid`: who loaded it."""
PROGRAM_VALUE = (
    Field("runs", "<u8", 144),
    Field("run_ns", "<u8", 152),
    Field("memory_bytes", "<u8", 160),
    Field("age_ns", "<u8", 168),
    Field("translated_bytes", "<u4", 176),
    Field("machine_bytes", "<u4", 180),
    Field("maps", "<u4", 184),
    Field("comm", "S16", 188),
)
"""`runs`, `run_ns`: cumulative since this object was first seen here; `age_ns`: since it was loaded, sleep of the
machine included; `translated_bytes`, `machine_bytes`: of its instructions as the verifier left them, and as the JIT
compiler made them, 0 without it; `maps`: how many it uses."""
PROGRAM_SIZE = 208
MAP_KEY = (
    Field("id", "<u4", 0),
    Field("pid", "<u4", 4),
    Field("type", "S24", 8),
    Field("name", "S16", 32),
    Field("mark", "S8", 48),
)
MAP_VALUE = (
    Field("capacity", "<u8", 56),
    Field("memory_bytes", "<u8", 64),
    Field("key_bytes", "<u4", 72),
    Field("value_bytes", "<u4", 76),
    Field("comm", "S16", 80),
)
"""`key_bytes`, `value_bytes`: of one entry, on one CPU."""
MAP_SIZE = 96
"""Offsets of key and value fields both count from the start of the record."""

_PROGRAM = struct.Struct("<II24s16s64s16s8sI4xQQQQIII16s4x")
_MAP = struct.Struct("<II24s16s8sQQII16s")
_PROGRAM_INFO = struct.Struct("<II8sII16xQII8x16s")
_PROGRAM_RUNS = struct.Struct("<QQ")
_RUNS_OFFSET = 192
_MAP_INFO = struct.Struct("<IIIII4x16s")
_RESCAN_S = 2.0
"""Looking for owners is at most this frequent, however many objects come and go."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PROGRAM_TYPES = _words(
    "unspec socket_filter kprobe sched_cls sched_act tracepoint xdp perf_event cgroup_skb cgroup_sock lwt_in lwt_out "
    "lwt_xmit sock_ops sk_skb cgroup_device sk_msg raw_tracepoint cgroup_sock_addr lwt_seg6local lirc_mode2 "
    "sk_reuseport flow_dissector cgroup_sysctl raw_tracepoint_writable cgroup_sockopt tracing struct_ops ext lsm "
    "sk_lookup syscall netfilter"
)
MAP_TYPES = _words(
    "unspec hash array prog_array perf_event_array percpu_hash percpu_array stack_trace cgroup_array lru_hash "
    "lru_percpu_hash lpm_trie array_of_maps hash_of_maps devmap sockmap cpumap xskmap sockhash cgroup_storage "
    "reuseport_sockarray percpu_cgroup_storage queue stack sk_storage devmap_hash struct_ops ringbuf inode_storage "
    "task_storage bloom_filter user_ringbuf cgrp_storage arena"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds an object's descriptor."""

    pid: int = 0
    comm: bytes = b""
    mark: bytes = b""


@dataclass(slots=True)
class _Seen:
    """What is remembered of an object between two looks: its owner and the counts it had when first seen."""

    owner: Owner
    runs: int = 0
    run_ns: int = 0


class Census:
    """Counts the host's programs and maps again and again; remembers owners and first counts by id."""

    def __init__(self, own_pids: Callable[[], frozenset[int]], heir: int) -> None:
        """`own_pids`: ebtop's processes now; `heir`: the process that what they load belongs to in the end."""
        self._own_pids = own_pids
        self._heir = heir
        self._programs: dict[int, _Seen] = {}
        self._maps: dict[int, _Seen] = {}
        self._attachments = Attachments()
        self._owners: dict[tuple[str, int], int] = {}
        self._scanned_s = float("-inf")
        self._ownerless = False
        """Whether ids appeared whose owners have not been looked for yet."""

    def take(self) -> tuple[int, int, bytes]:
        """Number of programs, of maps, and the records of both, programs first. OSError without CAP_SYS_ADMIN."""
        program_ids = tuple(bpf.ids(bpf.PROG_NEXT_ID))
        map_ids = tuple(bpf.ids(bpf.MAP_NEXT_ID))
        self._forget(program_ids, map_ids)
        self._look_for_owners(program_ids, map_ids)
        programs = [record for number in program_ids if (record := self._program(number))]
        maps = [record for number in map_ids if (record := self._map(number))]
        return len(programs), len(maps), b"".join(programs + maps)

    def _forget(self, program_ids: tuple[int, ...], map_ids: tuple[int, ...]) -> None:
        for seen, alive in ((self._programs, set(program_ids)), (self._maps, set(map_ids))):
            for gone in seen.keys() - alive:
                del seen[gone]

    def _look_for_owners(self, program_ids: tuple[int, ...], map_ids: tuple[int, ...]) -> None:
        unknown = any(number not in self._programs for number in program_ids)
        unknown = unknown or any(number not in self._maps for number in map_ids)
        self._ownerless = self._ownerless or unknown
        if not self._ownerless or monotonic() - self._scanned_s < _RESCAN_S:
            return
        self._scanned_s, self._ownerless = monotonic(), False
        self._owners = {}
        perf_events = []
        for held in descriptors_of_processes():
            if held.kind == "perf_event":
                perf_events.append((held.pid, held.descriptor))
            elif held.number:
                self._owners.setdefault((held.kind, held.number), held.pid)
        self._attachments.look(perf_events)
        for kind, seen in (("prog", self._programs), ("map", self._maps)):
            for number, known in seen.items():
                if not known.owner.pid or not os.path.exists(f"/proc/{known.owner.pid}"):
                    known.owner = self._owner(kind, number)

    def _owner(self, kind: str, number: int) -> Owner:
        pid = self._owners.get((kind, number), 0)
        if not pid:
            return Owner()
        ours = pid in self._own_pids()
        pid = self._heir if ours else pid
        try:
            with open(f"/proc/{pid}/comm", "rb") as file:
                comm = file.read().rstrip(b"\n")
        except OSError:
            comm = b""
        return Owner(pid, comm, b"ebtop" if ours else b"")

    def _program(self, number: int) -> bytes | None:
        read = read_object(bpf.PROG_BY_ID, number)
        if read is None:
            return None
        info, memory_bytes = read
        kind, _, tag, machine_bytes, translated_bytes, loaded_ns, uid, maps, name = _PROGRAM_INFO.unpack_from(info)
        run_ns, runs = _PROGRAM_RUNS.unpack_from(info, _RUNS_OFFSET)
        seen = self._programs.get(number)
        if seen is None:
            seen = self._programs[number] = _Seen(self._owner("prog", number), runs, run_ns)
        owner = seen.owner
        return _PROGRAM.pack(
            number,
            owner.pid,
            type_name(PROGRAM_TYPES, kind),
            name,
            self._attachments.of(number),
            tag.hex().encode(),
            owner.mark,
            uid,
            runs - seen.runs,
            run_ns - seen.run_ns,
            memory_bytes,
            max(0, clock_gettime_ns(CLOCK_BOOTTIME) - loaded_ns),
            translated_bytes,
            machine_bytes,
            maps,
            owner.comm,
        )

    def _map(self, number: int) -> bytes | None:
        read = read_object(bpf.MAP_BY_ID, number)
        if read is None:
            return None
        info, memory_bytes = read
        kind, _, key_bytes, value_bytes, capacity, name = _MAP_INFO.unpack_from(info)
        seen = self._maps.get(number)
        if seen is None:
            seen = self._maps[number] = _Seen(self._owner("map", number))
        owner = seen.owner
        kind_name = type_name(MAP_TYPES, kind)
        sizes = capacity, memory_bytes, key_bytes, value_bytes
        return _MAP.pack(number, owner.pid, kind_name, name, owner.mark, *sizes, owner.comm)


def type_name(names: tuple[str, ...], kind: int) -> bytes:
    """The kernel's name of type number `kind`, or the number where the list ends."""
    return names[kind].encode() if kind < len(names) else str(kind).encode()


def read_object(command: int, number: int) -> tuple[bytes, int] | None:
    """Info (bytes of its struct bpf_…_info) and memory in bytes of the object `number`; None when it is gone."""
    descriptor = bpf.by_id(command, number)
    if descriptor is None:
        return None
    try:
        return bpf.info(descriptor), memory_of(descriptor)
    finally:
        os.close(descriptor)


def memory_of(descriptor: int) -> int:
    """Bytes, from the `memlock` line of the descriptor's fdinfo (kernel/bpf/syscall.c, bpf_prog_show_fdinfo)."""
    with open(f"/proc/self/fdinfo/{descriptor}", "rb") as file:
        for line in file:
            if line.startswith(b"memlock:"):
                return int(line.split()[1])
    return 0
