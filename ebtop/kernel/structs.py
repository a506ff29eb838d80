"""C text that declares just the wanted members of kernel structs, at this kernel's offsets; loads and compiles nothing.

A wanted member is "struct.member" or "struct.member.member"; alternatives, of which kernels have one or another, are
divided by "|", and each that is there defines HAS_struct_member. "enum name.MEMBER" defines EBTOP_MEMBER as its number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ebtop.kernel.btf import NoField, Place, Types


@dataclass(slots=True)
class _Branch:
    """The wanted members of one struct."""

    places: dict[str, Place] = field(default_factory=dict)
    inner: dict[str, _Branch] = field(default_factory=dict)
    """Those of them that are structs with wanted members of their own."""


def declare(types: Types, wanted: Iterable[str]) -> str:
    """C declarations of all structs in `wanted`. NoField, in one line, when this kernel lacks one of the members."""
    roots: dict[str, _Branch] = {}
    has: list[str] = []
    numbers = [_number(types, choice) for choice in dict.fromkeys(wanted) if choice.startswith("enum ")]
    for choice in dict.fromkeys(wanted):
        if choice.startswith("enum "):
            continue
        found = [path for path in choice.split("|") if _add(types, roots, path, must="|" not in choice)]
        if not found:
            raise NoField(f"this kernel has none of {choice.replace('|', ', ')}")
        has.extend(path.replace(".", "_") for path in found)
    bodies = "".join(f"struct {name} {_body(types, branch)};\n" for name, branch in roots.items())
    pointed = sorted({line for branch in roots.values() for line in _pointed(types, branch)} | set(roots))
    forward = "".join(f"struct {name};\n" for name in pointed)
    return "".join((*numbers, *(f"#define HAS_{name} 1\n" for name in has))) + forward + bodies


def missing(types: Types, wanted: Iterable[str]) -> str:
    """What this kernel lacks of `wanted`, in one line; "" when it has it all."""
    try:
        declare(types, wanted)
    except NoField as error:
        return str(error)
    return ""


def _number(types: Types, path: str) -> str:
    name, _, member = path.removeprefix("enum ").partition(".")
    found = next((number for number, word in types.enumerators(name) if word == member), None)
    if found is None:
        raise NoField(f"this kernel's enum {name} has no {member}")
    return f"#define EBTOP_{member} {found}\n"


def _add(types: Types, roots: dict[str, _Branch], path: str, must: bool) -> bool:
    name, *steps = path.split(".")
    try:
        places = _walk(types, name, steps)
    except NoField:
        if must:
            raise
        return False
    branch = roots.setdefault(name, _Branch())
    for depth, (step, place) in enumerate(zip(steps, places, strict=True)):
        branch.places[step] = place
        if depth + 1 < len(steps):
            branch = branch.inner.setdefault(step, _Branch())
    return True


def _walk(types: Types, name: str, steps: list[str]) -> list[Place]:
    within, places = types.struct(name), []
    for depth, step in enumerate(steps):
        if not types.is_struct(within):
            raise NoField(f"{'.'.join((name, *steps[:depth]))} is no struct")
        place = types.member(types.plain(within), step)
        if place is None:
            raise NoField(f"this kernel's struct {name} has no member {'.'.join(steps[: depth + 1])}")
        places.append(place)
        within = place.type
    return places


def _body(types: Types, branch: _Branch) -> str:
    """One union of padded members: they may overlap, as those of the kernel's unions do."""
    lines = []
    for name, place in branch.places.items():
        pad = f"char _{name}_pad[{place.offset}]; " if place.offset else ""
        lines.append(f"    struct {{ {pad}{_member(types, branch, name, place)}; }} __attribute__((packed));\n")
    return "{ union {\n" + "".join(lines) + "}; }"


def _member(types: Types, branch: _Branch, name: str, place: Place) -> str:
    if name in branch.inner:
        return f"struct {_body(types, branch.inner[name])} {name}"
    before, after = types.c_type(place.type)
    return f"{before} {name}{after}"


def _pointed(types: Types, branch: _Branch) -> Iterable[str]:
    for name, place in branch.places.items():
        if name in branch.inner:
            yield from _pointed(types, branch.inner[name])
            continue
        before = types.c_type(place.type)[0]
        if before.startswith("struct "):
            yield before.split()[1]
