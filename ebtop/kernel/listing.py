"""Which hooks fit a pattern, as `bpftrace -l` lists them, and their arguments; attaches nothing.

Places in the kernel come from tracefs and BTF, which takes root; those in files are read by `kernel.elf`, which root
had better not do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ebtop.kernel import btf, hooks, libraries, namespace, programs
from ebtop.kernel.pattern import Pattern
from ebtop.offer import MOST, Hooks
from ebtop.text import clean

BTF = Path("/sys/kernel/btf")
"""One file for the kernel, one for each module."""
_PART = re.compile(r"\.part\.\d")
"""What the compiler split off a function: entered in its midst, so no call begins there."""
_NO_KPROBES = "kprobe: this kernel is built without CONFIG_KPROBES"


class Nothing(Exception):  # noqa: N818 - what there is
    """A whole kind of hook cannot be listed here; the text is one line for people."""


def listed(pattern: Pattern, arguments: bool = False, most: int = MOST) -> Hooks:
    """Every hook that fits `pattern`; OSError or ValueError when its file cannot be read."""
    names: set[str] = set()
    notes: list[str] = []
    for kind in pattern.kinds:
        try:
            names.update(f"{kind}:{name}" for name in _SOURCES[kind](pattern))
        except Nothing as why:
            notes.append(str(why))
    shown = tuple(sorted(names))
    lines = tuple(_arguments(name) for name in shown[:most]) if arguments else ()
    return Hooks(shown[:most], len(shown), lines, tuple(notes))


def tracepoints() -> Iterator[str]:
    """Every category:event of tracefs. Nothing where it is not readable."""
    yield from _tracefs("available_events").split()


def raw_tracepoints() -> frozenset[str]:
    """Names of all raw tracepoints: the kernel and each module have a typedef btf_trace_NAME (bpf_probe.h)."""
    names: set[str] = set()
    for path in BTF.iterdir() if BTF.is_dir() else ():
        names.update(btf.Types(path.read_bytes()).names("btf_trace_"))
    if not names:
        raise Nothing("rawtracepoint: this kernel has no type information (BTF)")
    return frozenset(names)


def kprobes() -> frozenset[str]:
    """Functions of the kernel that a kprobe can be set on; all functions where the kernel does not say which."""
    if not programs.KPROBE_UNIT.exists():
        raise Nothing(_NO_KPROBES)
    return traceable()


def traceable() -> frozenset[str]:
    """Functions of the kernel whose beginning can be hooked; all functions where the kernel does not say which."""
    try:
        lines = _tracefs("available_filter_functions").splitlines()
    except Nothing:
        return hooks.functions()
    return frozenset(line.split(maxsplit=1)[0] for line in lines if line)


def fields(event: str) -> tuple[str, ...]:
    """The arguments of tracepoint category:event, in C, without those that all have."""
    category, _, name = event.partition(":")
    declared = []
    for line in _tracefs(f"events/{category}/{name}/format").splitlines():
        text = line.strip()
        if text.startswith("field:") and not text.partition(";")[0].split()[-1].startswith("common_"):
            declared.append(clean(text[6:].partition(";")[0]))
    return tuple(declared)


def parameters(name: str) -> tuple[str, ...]:
    """The arguments of a raw tracepoint, in C: those of __traceiter_NAME (tracepoint.h), without its first.

    () for one of a module, whose types lean on the kernel's.
    """
    with suppress(btf.NoField, OSError):
        return tuple(clean(text) for text in btf.kernel().parameters(f"__traceiter_{name}")[1:])
    return ()


def _tracefs(name: str) -> str:
    place = namespace.mounted_tracefs()
    if not place:
        raise Nothing("tracepoint: tracefs, which lists them, is readable for root only: sudo ebtop")
    try:
        return Path(place, name).read_text("utf-8", "replace")
    except OSError as error:
        raise Nothing(f"{place}/{name}: {error.strerror}") from None


def _fitting(pattern: Pattern, names: Iterable[str]) -> Iterator[str]:
    return (clean(name) for name in names if pattern.fits(name) and not _PART.search(name))


def _in_files(pattern: Pattern, names: Callable[[str], Iterable[bytes]]) -> Iterator[str]:
    """path:name of what fits; of several files, those that are no ELF files are passed over."""
    paths = libraries.files(pattern.place)
    for path in paths:
        try:
            found = [os.fsdecode(name) for name in names(path)]
        except (OSError, ValueError):
            if len(paths) == 1:
                raise
            continue
        yield from (f"{clean(path)}:{name}" for name in _fitting(pattern, found))


def _functions(path: str) -> frozenset[bytes]:
    from ebtop.kernel import elf  # not needed by who only looks into the kernel

    return elf.functions(path)


def _markers(path: str) -> list[bytes]:
    from ebtop.kernel import elf

    return [marker.provider + b":" + marker.name for marker in elf.markers(path)]


@lru_cache(maxsize=1)
def _marked(path: str) -> dict[str, tuple[str, ...]]:
    """Arguments of every static marker of a file, by provider:name."""
    from ebtop.kernel import elf

    found = reversed(elf.markers(path))  # a marker may stand in several places: what is told is of the first
    return {f"{clean(one.provider)}:{clean(one.name)}": tuple(clean(text) for text in one.arguments) for one in found}


_SOURCES: dict[str, Callable[[Pattern], Iterator[str]]] = {
    "tracepoint": lambda pattern: _fitting(pattern, tracepoints()),
    "rawtracepoint": lambda pattern: _fitting(pattern, raw_tracepoints()),
    "kprobe": lambda pattern: _fitting(pattern, kprobes()),
    "kretprobe": lambda pattern: _fitting(pattern, kprobes()),
    "uprobe": lambda pattern: _in_files(pattern, _functions),
    "uretprobe": lambda pattern: _in_files(pattern, _functions),
    "usdt": lambda pattern: _in_files(pattern, _markers),
}


def _arguments(hook: str) -> tuple[str, ...]:
    """One line for each argument, as far as it is known beforehand: not of functions."""
    kind, _, rest = hook.partition(":")
    try:
        if kind == "tracepoint":
            return fields(rest)
        if kind == "rawtracepoint":
            return parameters(rest)
        path, _, marker = rest.partition(":")
        return _marked(path).get(marker, ()) if kind == "usdt" else ()
    except (Nothing, OSError, ValueError):  # gone meanwhile
        return ()
