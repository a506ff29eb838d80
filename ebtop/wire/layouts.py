"""The layout of a BPF map as it crosses the wire; reads nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a C struct as numpy takes it: name, format ("<u8", "S16", "(40,)<u8"), offset in bytes."""

    name: str
    format: str
    offset: int


@dataclass(frozen=True, slots=True)
class MapInfo:
    """One BPF map: what the reader needs to turn its bytes into rows."""

    name: str
    type: int
    """enum bpf_map_type of include/uapi/linux/bpf.h."""
    key_size: int
    value_size: int
    max_entries: int
    flags: int
    key: tuple[Field, ...]
    """Members of the key; a plain integer key is one field "index"."""
    value: tuple[Field, ...]
