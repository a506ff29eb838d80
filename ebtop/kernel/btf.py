"""The kernel's own type information (BTF): where the members of its structs are; knows nothing of probes.

Format: Documentation/bpf/btf.rst. Five megabytes with 130,000 types, read without numpy in tens of milliseconds:
names are found by searching the strings, and only the types that a member leads to are looked at.
"""

from __future__ import annotations

import os
import re
import struct
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

VMLINUX = "/sys/kernel/btf/vmlinux"
_MAGIC = 0xEB9F
_INT, _PTR, _ARRAY, _STRUCT, _UNION, _ENUM, _FWD, _TYPEDEF, _VOLATILE, _CONST, _RESTRICT, _FUNC = range(1, 13)
_TYPE_TAG, _ENUM64 = 18, 19
_ALIASES = frozenset({_TYPEDEF, _VOLATILE, _CONST, _RESTRICT, _TYPE_TAG})
_HEAD = 3
"""Words of struct btf_type: name, info, size or type."""
_FIXED_WORDS = {_INT: 1, _ARRAY: 3, 14: 1, 17: 1}
_WORDS_EACH = {_STRUCT: 3, _UNION: 3, _ENUM: 2, 13: 2, 15: 3, _ENUM64: 3}
_SIGNED = 1
_INTEGERS = {1: "char", 2: "short", 4: "int", 8: "long long"}


class NoField(Exception):  # noqa: N818 - what there is not
    """No such struct, member or function in this kernel, or none that has an address; the text is for people."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one member is."""

    offset: int
    """Bytes from the beginning of the struct it was looked up in."""
    type: int
    """Its BTF type id."""


class Types:
    """The types of one BTF blob."""

    def __init__(self, blob: bytes) -> None:
        """ValueError when `blob` is not BTF of this machine's byte order."""
        magic, _, _, header, type_at, type_size, string_at, string_size = struct.unpack_from("=HBBIIIII", blob)
        if magic != _MAGIC:
            raise ValueError("not BTF of this byte order")
        self._types = blob[header + type_at : header + type_at + type_size]
        self._words = memoryview(self._types).cast("I")
        self._strings = blob[header + string_at : header + string_at + string_size]
        self._starts: list[int] = []

    def has_name(self, name: str) -> bool:
        """Whether anything at all is called `name`."""
        return bool(self._name_at(name))

    def names(self, prefix: str) -> list[str]:
        """What follows `prefix` in every name that begins with it."""
        return [found.decode() for found in re.findall(rb"\0" + prefix.encode() + rb"(\w+)(?=\0)", self._strings)]

    def function(self, name: str) -> int:
        """The type id of the kernel function `name`; NoField when it has none."""
        return self._id(name, _FUNC) or _no(f"this kernel has no function {name} that fentry could reach")

    def name(self, type_id: int) -> str:
        """The name of a type or function; "" where there is none of that id."""
        return self._name(self._start(type_id)) if 0 < type_id <= len(self._all_starts()) else ""

    def has_function(self, name: str) -> bool:
        """Whether fentry could reach the kernel function `name`."""
        return bool(self._id(name, _FUNC))

    def parameters(self, name: str) -> list[str]:
        """The parameters of the kernel function `name` as C declares them; NoField when there is none."""
        proto = self._start(self._words[self._start(self.function(name)) + 2])
        last = proto + _HEAD + 2 * (self._words[proto + 1] & 0xFFFF)
        return [self._parameter(at) for at in range(proto + _HEAD, last, 2)]

    def arguments(self, name: str) -> int:
        """How many arguments the raw tracepoint `name` gives, -1 where it is not known (include/trace/bpf_probe.h)."""
        found = self._id(f"btf_trace_{name}", _TYPEDEF)
        if not found:
            return -1
        proto = self._start(self._words[self._start(self._words[self._start(found) + 2]) + 2])
        return (self._words[proto + 1] & 0xFFFF) - 1  # the first is the tracepoint's own data

    def integers(self, name: str) -> tuple[tuple[int, bool], list[tuple[int, bool]]]:
        """Size and whether it is signed, of what the function `name` returns and of each parameter; NoField for none.

        Pointers and whatever else is no integer count as eight bytes without a sign.
        """
        proto = self._start(self._words[self._start(self.function(name)) + 2])
        last = proto + _HEAD + 2 * (self._words[proto + 1] & 0xFFFF)
        taken = [self._integer(self._words[at + 1]) for at in range(proto + _HEAD, last, 2)]
        return self._integer(self._words[proto + 2]), taken

    def _integer(self, type_id: int) -> tuple[int, bool]:
        plain = self.plain(type_id)
        kind, start = (self._kind(plain), self._start(plain)) if plain else (0, 0)
        if kind not in (_INT, _ENUM) or self._words[start + 2] > 8:
            return 8, False
        signed = self._words[start + _HEAD] >> 24 & _SIGNED if kind == _INT else self._words[start + 1] >> 31
        return self._words[start + 2], bool(signed)

    def _parameter(self, at: int) -> str:
        before, after = self.c_type(self._words[at + 1])
        return f"{before.removeprefix('signed ')} {self._name(at)}{after}"

    def enumerators(self, name: str) -> tuple[tuple[int, str], ...]:
        """Number and name of each member of `enum name`, the enum's own name before them left out; () when unknown.

        The members of `enum skb_drop_reason` are called SKB_DROP_REASON_NO_SOCKET and so on.
        """
        found = self._id(name, _ENUM)
        if not found:
            return ()
        start = self._start(found)
        first, last = start + _HEAD, start + _HEAD + 2 * (self._words[start + 1] & 0xFFFF)
        before = f"{name.upper()}_"
        return tuple((self._words[at + 1], self._name(at).removeprefix(before)) for at in range(first, last, 2))

    def struct(self, name: str) -> int:
        """The type id of `struct name` (or union); NoField when there is none."""
        return self._id(name, _STRUCT) or self._id(name, _UNION) or _no(f"this kernel has no struct {name}")

    def member(self, within: int, name: str) -> Place | None:
        """Where the struct or union `within` has `name`, also inside anonymous members. NoField for a bitfield."""
        for member_name, type_id, offset_bits, bitfield in self._members(within):
            if member_name == name:
                if bitfield or offset_bits % 8:
                    raise NoField(f"{name} is a bitfield, which has no address")
                return Place(offset_bits // 8, type_id)
            if not member_name:
                found = self.member(self.plain(type_id), name)
                if found:
                    return Place(offset_bits // 8 + found.offset, found.type)
        return None

    def plain(self, type_id: int) -> int:
        """`type_id` without typedef, const and their like."""
        while type_id and self._kind(type_id) in _ALIASES:
            type_id = self._words[self._start(type_id) + 2]
        return type_id

    def is_struct(self, type_id: int) -> bool:
        """Whether it is a struct or union, by whatever name."""
        return self._kind(self.plain(type_id)) in (_STRUCT, _UNION)

    def c_type(self, type_id: int) -> tuple[str, str]:
        """What C puts before and after a member's name: ("unsigned int", ""), ("struct file **", ""), ("char", "[16]").

        Structs that are members themselves are bytes; pointers to anything but structs and chars are `void *`.
        """
        type_id = self.plain(type_id)
        if not type_id:
            return "void", ""
        kind, start = self._kind(type_id), self._start(type_id)
        if kind == _INT:
            if self._words[start + 2] == 1 and self._name(start) in ("char", "_Bool"):
                return self._name(start), ""
            signed = self._words[start + _HEAD] >> 24 & _SIGNED
            return ("signed " if signed else "unsigned ") + _INTEGERS[self._words[start + 2]], ""
        if kind in (_ENUM, _ENUM64):
            return "unsigned " + _INTEGERS[self._words[start + 2]], ""
        if kind == _PTR:
            return self._pointer(self._words[start + 2]), ""
        if kind == _ARRAY:
            element, count = self._words[start + _HEAD], self._words[start + _HEAD + 2]
            name, dimensions = self.c_type(element)
            return name, f"[{count}]{dimensions}"
        if kind in (_STRUCT, _UNION):
            return "unsigned char", f"[{self._words[start + 2]}]"
        raise NoField(f"a member of BTF kind {kind} cannot be declared")

    def _pointer(self, to: int) -> str:
        stars, to = "*", self.plain(to)
        while to and self._kind(to) == _PTR:
            stars, to = stars + "*", self.plain(self._words[self._start(to) + 2])
        kind = self._kind(to) if to else 0
        if kind in (_STRUCT, _FWD) and (name := self._name(self._start(to))):
            return f"struct {name} {stars}"
        if kind == _INT and self._words[self._start(to) + 2] == 1:
            return f"char {stars}"
        return f"void {stars}"

    def _members(self, type_id: int) -> Iterator[tuple[str, int, int, int]]:
        start = self._start(type_id)
        info = self._words[start + 1]
        for at in range(start + _HEAD, start + _HEAD + 3 * (info & 0xFFFF), 3):
            offset = self._words[at + 2]
            bitfield = offset >> 24 if info >> 31 else 0
            yield self._name(at), self._words[at + 1], offset & 0xFFFFFF if info >> 31 else offset, bitfield

    def _name(self, start: int) -> str:
        at = self._words[start]
        return self._strings[at : self._strings.index(b"\0", at)].decode()

    def _name_at(self, name: str) -> int:
        """Offset of `name` among the strings, 0 when it is not there; each string is kept once (btf__dedup)."""
        return self._strings.find(b"\0" + name.encode() + b"\0") + 1

    def _id(self, name: str, kind: int) -> int:
        offset = self._name_at(name)
        if not offset:
            return 0
        wanted, starts, at = struct.pack("=I", offset), self._all_starts(), -1
        while (at := self._types.find(wanted, at + 1)) >= 0:
            word = at // 4
            number = bisect_left(starts, word)
            if at % 4 == 0 and number < len(starts) and starts[number] == word and self._kind(number + 1) == kind:
                return number + 1
        return 0

    def _kind(self, type_id: int) -> int:
        return self._words[self._start(type_id) + 1] >> 24 & 0x1F

    def _start(self, type_id: int) -> int:
        return self._all_starts()[type_id - 1]

    def _all_starts(self) -> list[int]:
        """The first word of each type, by id - 1; ids are not written down, they are counted."""
        if not self._starts:
            self._starts = _starts(self._words)
        return self._starts


def _starts(words: memoryview) -> list[int]:
    fixed = [_HEAD + _FIXED_WORDS.get(kind & 0x1F, 0) for kind in range(256)]
    each = [_WORDS_EACH.get(kind & 0x1F, 0) for kind in range(256)]
    starts: list[int] = []
    at, end = 0, len(words)
    append, every = starts.append, words.tolist()
    while at < end:
        append(at)
        info = every[at + 1]
        at += fixed[info >> 24] + each[info >> 24] * (info & 0xFFFF)
    return starts


def _no(what: str) -> int:
    raise NoField(what)


def present() -> bool:
    """Whether this kernel tells its types."""
    return os.access(VMLINUX, os.R_OK)


@cache
def kernel() -> Types:
    """The running kernel's types, read once."""
    with open(VMLINUX, "rb", buffering=0) as file:
        return Types(file.read())
