"""One BPF program, looked at closely: all that the kernel says of it but its instructions; keeps nothing alive.

Layouts: struct bpf_prog_info, bpf_map_info and bpf_btf_info in include/uapi/linux/bpf.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
import time

from ebtop.kernel import bpf, btf
from ebtop.kernel.attachments import Attachments, descriptors_of_processes
from ebtop.kernel.objects import MAP_TYPES, PROGRAM_TYPES, memory_of, read_object, type_name
from ebtop.offer import Holder, MapUse, ProgramDetail

_INFO_SIZE = 232
_HEAD = struct.Struct("<II8sII16xQII8x16s")
_GPL, _RUNS, _VERIFIED, _PLACE = 84, 192, 216, 220
"""Offsets of gpl_compatible, run_time_ns, verified_insns (Linux 5.16) and attach_btf_obj_id (5.17); 0 before."""
_MAPS_COUNT, _MAPS_AT = 52, 56
_MAP_HEAD = struct.Struct("<II16x16s")
_MOST_MAPS = 256
_BTF_BY_ID, _BTF_INFO_SIZE, _NAME_SIZE = 19, 64, 64


def look(number: int) -> ProgramDetail:
    """What there is to say of the program with that id. OSError; FileNotFoundError when there is none, or none now."""
    descriptor = bpf.by_id(bpf.PROG_BY_ID, number)
    if descriptor is None:
        raise FileNotFoundError(f"there is no BPF program {number} any more")
    try:
        info, maps = _info(descriptor)
        memory_bytes = memory_of(descriptor)
    finally:
        os.close(descriptor)
    kind, _, tag, machine, translated, loaded_ns, uid, _, name = _HEAD.unpack_from(info)
    run_ns, runs = struct.unpack_from("<QQ", info, _RUNS)
    places, holders = _surroundings(number)
    return ProgramDetail(
        id=number,
        type=type_name(PROGRAM_TYPES, kind).decode(),
        name=_text(name),
        tag=tag.hex(),
        uid=uid,
        gpl=bool(info[_GPL] & 1),
        loaded_ns=time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME) + loaded_ns,
        translated_bytes=translated,
        machine_bytes=machine,
        memory_bytes=memory_bytes,
        verified=struct.unpack_from("<I", info, _VERIFIED)[0],
        runs=runs,
        run_ns=run_ns,
        function=_function(*struct.unpack_from("<II", info, _PLACE)),
        places=places,
        holders=holders,
        maps=tuple(use for one in maps if (use := _map(one))),
    )


def _info(descriptor: int) -> tuple[bytes, tuple[int, ...]]:
    """The program's info, and the ids of its maps."""
    ids, request = (ctypes.c_uint32 * _MOST_MAPS)(), bytearray(_INFO_SIZE)
    struct.pack_into("<IQ", request, _MAPS_COUNT, _MOST_MAPS, ctypes.addressof(ids))
    info = bpf.info_into(descriptor, request)
    return info, tuple(ids[: min(_MOST_MAPS, struct.unpack_from("<I", info, _MAPS_COUNT)[0])])


def _map(number: int) -> MapUse | None:
    read = read_object(bpf.MAP_BY_ID, number)
    if read is None:
        return None
    kind, _, name = _MAP_HEAD.unpack_from(read[0])
    return MapUse(number, type_name(MAP_TYPES, kind).decode(), _text(name), read[1])


def _surroundings(number: int) -> tuple[tuple[str, ...], tuple[Holder, ...]]:
    """Where it hangs, and which processes hold it, once each."""
    held = list(descriptors_of_processes())
    attachments = Attachments()
    attachments.look((one.pid, one.descriptor) for one in held if one.kind == "perf_event")
    pids = dict.fromkeys(one.pid for one in held if one.kind == "prog" and one.number == number)
    return attachments.places(number), tuple(Holder(pid, _comm(pid)) for pid in pids)


def _comm(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return _text(file.read().rstrip(b"\n"))
    except OSError:  # gone by now
        return ""


def _function(blob: int, type_id: int) -> str:
    """The kernel function that a tracing program was made for; "" for other programs, other blobs and old kernels."""
    if not type_id or not btf.present() or _name_of_blob(blob) != "vmlinux":
        return ""
    return btf.kernel().name(type_id)


def _name_of_blob(number: int) -> str:
    try:
        descriptor = bpf.by_id(_BTF_BY_ID, number)
    except OSError:
        return ""
    if descriptor is None:
        return ""
    name, request = bytearray(_NAME_SIZE), bytearray(_BTF_INFO_SIZE)
    struct.pack_into("<QI", request, 16, ctypes.addressof(ctypes.c_char.from_buffer(name)), len(name))
    try:
        bpf.info_into(descriptor, request)
    finally:
        os.close(descriptor)
    return _text(bytes(name))


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")
