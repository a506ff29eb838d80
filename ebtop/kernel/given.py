"""What a program is told of its place where a probe has many, and its C file of what is there; compiles nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ebtop.kernel import btf, namespace
from ebtop.kernel.places import Nowhere, Place
from ebtop.spec import Probe, Way, keys_of

_PLACE, _ARGUMENTS = 0x6562746F70676901, 0x6562746F70676902
"""EBTOP_PLACE and EBTOP_ARGUMENTS of ebtop.h."""
_TRAMPOLINES = ("fentry", "fexit")
_CALLED = (*_TRAMPOLINES, "kprobe", "kretprobe")
_TYPES = {
    (8, True): 0,
    (8, False): 1,
    (4, True): 2,
    (4, False): 3,
    (2, True): 4,
    (2, False): 5,
    (1, True): 6,
    (1, False): 7,
}
"""By size and sign, as func.c numbers them."""
_FIELD = re.compile(
    r"field:(?P<what>[^;]*);\s*offset:(?P<offset>\d+);\s*size:(?P<size>\d+);\s*signed:(?P<signed>[01]);"
)
_MOST_ARGUMENTS = 6


def numbers(places: Iterable[Place]) -> Mapping[str, int]:
    """A number for each name among `places`, in the order of names."""
    return {name: number for number, name in enumerate(sorted({place.name for place in places}))}


def to_program(place: Place, numbered: Mapping[str, int]) -> Mapping[int, int]:
    """What stands in the place of which mark in a program for `place`; Nowhere when that is not to be known."""
    given = {_PLACE: numbered[place.name]}
    if place.kind in _TRAMPOLINES:
        parameters = btf.kernel().parameters(place.target)
        if any("[" in declared for declared in parameters):  # it may take several words
            raise Nowhere(f"{place.kind} {place.target}: it is given a whole struct")
        given[_ARGUMENTS] = len(parameters)
    return given


def to_file(probe: Probe, way: Way, places: Iterable[Place]) -> tuple[tuple[str, int], ...]:
    """Macros for the C file of a probe that names its own places; Nowhere when a field is not there."""
    given: dict[str, int] = {}
    name = probe.prefix.upper()
    called = {place.target for place in places if place.kind in _CALLED}
    if len(called) == 1 and btf.present() and btf.kernel().has_function(only := called.pop()):
        result, taken = btf.kernel().integers(only)
        whole = [*taken[:_MOST_ARGUMENTS], *[(8, True)] * (_MOST_ARGUMENTS - len(taken)), result]
        given = {f"{name}_TYPE{number}": _TYPES[one] for number, one in enumerate(whole, 1)}
    for hook in way.hooks:
        for number, field in enumerate(hook.fields):
            offset, size, type_ = _field(hook.target, field)
            given |= {
                f"{name}_FIELD{number}_OFFSET": offset,
                f"{name}_FIELD{number}_SIZE": size,
                f"{name}_FIELD{number}_TYPE": type_,
            }
    return tuple(given.items())


def words(probe: Probe, numbered: Mapping[str, int]) -> tuple[tuple[str, tuple[tuple[int, str], ...]], ...]:
    """What the kernel calls the codes among the probe's keys, and its own places; what is not told stays a number."""
    names = dict.fromkeys(key.enum for view in probe.views for key in keys_of(view) if key.enum)
    own = tuple((number, name) for name, number in numbered.items())
    kernels = [name for name in names if name != probe.name and btf.present()]
    return (*((name, btf.kernel().enumerators(name)) for name in kernels), *(((probe.name, own),) if own else ()))


def lacking(way: Way) -> str:
    """The first field that a tracepoint has not, in one line; "" for none."""
    try:
        for hook in way.hooks:
            for field in hook.fields:
                _field(hook.target, field)
    except Nowhere as why:
        return str(why)
    return ""


def _field(event: str, name: str) -> tuple[int, int, int]:
    """Offset, size and type of a field of the tracepoint category:event."""
    path = Path(namespace.mounted_tracefs() or namespace.TRACEFS, "events", event.replace(":", "/"), "format")
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise Nowhere(f"{path}: {error.strerror}") from error
    known = []
    for match in _FIELD.finditer(text):
        type_, _, called = match["what"].rpartition(" ")
        size, is_integer = int(match["size"]), "[" not in match["what"] and "__data_loc" not in type_
        if is_integer and (size, True) in _TYPES and not called.startswith("common_"):
            known.append(called)
        if called == name and called in known:
            signed = match["signed"] == "1"
            narrow = (
                type_ in ("int", "unsigned int") and size == 8
            )  # a system call's argument, which is a whole register
            return int(match["offset"]), size, _TYPES[4 if narrow else size, signed or type_ == "int"]
    raise Nowhere(f"tracepoint {event} has no integer field {name}; it has {', '.join(known) or 'none'}")
