"""Members of C structs, from the JSON in which BCC describes a map's key and value; knows nothing of maps or numpy.

BCC lists name, type and array length of each member, and its padding where it knows of any; offsets follow from
the rules of C (psABI: a member is aligned to its size, a struct to its most aligned member).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ebtop.wire import Field

_INTEGERS = {
    "_Bool": "<u1",
    "char": "<i1",
    "signed char": "<i1",
    "unsigned char": "<u1",
    "short": "<i2",
    "unsigned short": "<u2",
    "int": "<i4",
    "unsigned int": "<u4",
    "enum": "<u4",
    "long": "<i8",
    "unsigned long": "<u8",
    "long long": "<i8",
    "unsigned long long": "<u8",
    "pointer": "<u8",
}
_WIDTH = {"<i1": 1, "<u1": 1, "<i2": 2, "<u2": 2, "<i4": 4, "<u4": 4, "<i8": 8, "<u8": 8}


class Undescribed(Exception):  # noqa: N818 - what it is
    """BCC's description does not say where everything is, e.g. of an array of arrays or a bitfield."""


@dataclass(frozen=True, slots=True)
class _Type:
    format: str
    size: int
    alignment: int


def fields(description: str, size: int, single: str) -> tuple[Field, ...]:
    """The members of the described type of `size` bytes; a plain integer is the one field `single`.

    Padding is left out, structs within are bytes ("V16"), arrays of chars texts ("S16"), of integers subarrays
    ("(40,)<u8"). Undescribed where the description does not add up to `size`.
    """
    described = json.loads(description)
    if isinstance(described, str):
        return (Field(single, _known(described, size), 0),)
    name, members, kind = described
    if kind == "union":
        return tuple(Field(member, type_.format, 0) for member, type_, _ in _members(members, packed=True))
    for packed in (False, True):
        placed = tuple(_members(members, packed))
        alignment = 1 if packed else max((type_.alignment for _, type_, _ in placed), default=1)
        end = max((offset + type_.size for _, type_, offset in placed), default=0)
        if _rounded(end, alignment) == size:
            return tuple(
                Field(member, type_.format, offset)
                for member, type_, offset in placed
                if member and not member.startswith("__pad_")
            )
    raise Undescribed(f"struct {name}: its members do not add up to its {size} bytes")


def _known(name: str, size: int) -> str:
    format_ = _INTEGERS.get(name)
    if format_ is None or _WIDTH[format_] != size:
        raise Undescribed(f"{name} of {size} bytes is no integer")
    return format_


def _members(described: list[Any], packed: bool) -> Iterator[tuple[str, _Type, int]]:
    offset = 0
    for name, type_, *more in described:
        found = _type(type_)
        if more and isinstance(more[0], int):
            raise Undescribed(f"{name} is a bitfield")
        if more:
            found = _array(type_, found, more[0][0])
        if not packed:
            offset = _rounded(offset, found.alignment)
        yield name, found, offset
        offset += found.size


def _type(described: Any) -> _Type:
    if isinstance(described, str):
        format_ = _INTEGERS.get(described)
        if format_ is None:
            raise Undescribed(f"the type {described} is not known")
        return _Type(format_, _WIDTH[format_], _WIDTH[format_])
    _, members, kind = described
    if kind == "union":
        parts = [type_ for _, type_, _ in _members(members, packed=True)]
        alignment = max(part.alignment for part in parts)
        size = _rounded(max(part.size for part in parts), alignment)
        return _Type(f"V{size}", size, alignment)
    placed = list(_members(members, packed=False))
    alignment = max(type_.alignment for _, type_, _ in placed)
    size = _rounded(max(offset + type_.size for _, type_, offset in placed), alignment)
    return _Type(f"V{size}", size, alignment)


def _array(described: Any, element: _Type, length: int) -> _Type:
    if described == "char":
        return _Type(f"S{length}", length, 1)
    if element.format.startswith("V"):
        return _Type(f"V{element.size * length}", element.size * length, element.alignment)
    return _Type(f"({length},){element.format}", element.size * length, element.alignment)


def _rounded(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment
