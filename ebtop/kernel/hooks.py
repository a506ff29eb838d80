"""Which places for programs this kernel has; knows nothing of BCC or of what the programs do."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from ebtop.kernel import btf, given, places, programs, release, sampling
from ebtop.spec import Hook, Probe, Way

_KALLSYMS = Path("/proc/kallsyms")


def targets(hook: Hook) -> tuple[str, ...]:
    """The alternatives of a hook's target, in order of preference."""
    return tuple(hook.target.split("|"))


def present(hook: Hook) -> str:
    """The first alternative of the hook's target that this kernel has, or "" when it has none."""
    return next((target for target in targets(hook) if not _lacking(hook.kind, target, hook.most)), "")


def all_places(hook: Hook) -> tuple[places.Place, ...]:
    """Every place of the first alternative that there is; () when there is none."""
    target = present(hook)
    return places.places(hook.kind, target, hook.most) if target else ()


def available(hook: Hook) -> str:
    """What this kernel lacks for the hook, in one line; "" when it can be attached, as far as is known beforehand."""
    if present(hook):
        return ""
    return _lacking(hook.kind, targets(hook)[0], hook.most)


def lacking(way: Way) -> str:
    """What this kernel lacks for a way's hooks, in one line; "" when every one that is not optional is there."""
    if release.version() < way.since:
        return f"{way.name} takes Linux {way.since[0]}.{way.since[1]} or newer"
    missing = next((lack for hook in way.hooks if not hook.optional and (lack := available(hook))), "")
    if missing or any(present(hook) for hook in way.hooks):
        return missing or given.lacking(way)
    return available(way.hooks[0]) if way.hooks else "no hooks"


def nowhere(probe: Probe) -> str:
    """Why no way of a probe that names its own places works here, and what could be meant; "" where one does."""
    reasons = [lacking(way) for way in probe.ways]
    if not all(reasons):
        return ""
    kernels = [way.hooks[0] for way in probe.ways if way.hooks[0].kind not in places.IN_FILES]
    known = next(
        (near for hook in kernels if "*" not in hook.target and (near := places.near(hook.kind, hook.target))), ""
    )
    return f"{'; '.join(dict.fromkeys(reasons))}{known}"


def _lacking(kind: str, target: str, most: int) -> str:
    if kind in places.IN_FILES and not programs.UPROBE_UNIT.exists():
        return f"{kind} {target}: this kernel is built without CONFIG_UPROBE_EVENTS"
    if kind in places.IN_FILES or "*" in target:
        return _lacking_places(kind, target, most)
    return _lacking_one(kind, target)


def _lacking_places(kind: str, target: str, most: int) -> str:
    """Of a pattern, what keeps the whole of it or its first place from being hooked."""
    try:
        found = places.places(kind, target, most)
    except places.Nowhere as why:
        return str(why)
    return "" if kind in places.IN_FILES else _lacking_one(kind, found[0].target)


def _lacking_one(kind: str, target: str) -> str:
    if kind == "raw_tracepoint":
        return "" if _has_raw_tracepoint(target) else f"raw tracepoint {target}: this kernel has none of that name"
    if kind == "tracepoint":
        return _lacking_tracepoint(target)
    if kind == "perf_event":
        return sampling.lacking(target)
    if kind in ("fentry", "fexit"):
        return _lacking_trampoline(kind, target)
    if kind == "xdp":
        return _lacking_xdp()
    return _lacking_kprobe(kind, target)


def _has_raw_tracepoint(target: str) -> bool:
    """The kernel's BTF has a typedef for each raw tracepoint (include/trace/bpf_probe.h); else ask tracefs."""
    if btf.present() and btf.kernel().has_name(f"btf_trace_{target}"):
        return True
    return any(
        (place / "events").is_dir() and any((place / "events").glob(f"*/{target}")) for place in programs.TRACEFS
    )


def _lacking_tracepoint(target: str) -> str:
    try:
        programs.tracepoint_id(target)
    except PermissionError:
        return f"tracepoint {target}: its id cannot be read without CAP_DAC_READ_SEARCH"
    except OSError:
        if not any((place / "events").is_dir() for place in programs.TRACEFS):
            return f"tracepoint {target}: tracefs is not mounted"
        return f"tracepoint {target}: this kernel has none of that name"
    return ""


@cache
def _lacking_trampoline(kind: str, target: str) -> str:
    if not btf.present():
        return f"{kind} {target}: this kernel has no type information (BTF)"
    try:
        why = programs.trial(kind, btf.kernel().function(target))
    except btf.NoField:
        return f"{kind} {target}: this kernel has no such function"
    return f"{kind} {target}: this kernel refuses every program there ({why})" if why else ""


@cache
def _lacking_xdp() -> str:
    why = programs.trial("xdp")
    return f"XDP: this kernel refuses every program for it ({why})" if why else ""


def _lacking_kprobe(kind: str, target: str) -> str:
    if not programs.KPROBE_UNIT.exists():
        return f"{kind} {target}: this kernel is built without CONFIG_KPROBES"
    return "" if target in functions() else f"{kind} {target}: this kernel has no such function"


@cache
def functions() -> frozenset[str]:
    """Names of the functions of kernel and modules; empty addresses (kptr_restrict) do no harm."""
    names = set()
    with _KALLSYMS.open("rb") as file:
        for line in file:
            words = line.split(None, 3)
            if words[1] in (b"t", b"T"):
                names.add(os.fsdecode(words[2].strip()))
    return frozenset(names)
