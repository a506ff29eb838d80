"""Patterns of hooks as `bpftrace -l` takes them: kind, place, name; knows nothing of which hooks there are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_SHORT = {"t": "tracepoint", "rt": "rawtracepoint", "k": "kprobe", "kr": "kretprobe"}
_SHORT |= {"u": "uprobe", "ur": "uretprobe", "U": "usdt"}
KERNEL = ("tracepoint", "rawtracepoint", "kprobe", "kretprobe")
"""Kinds of places in the kernel."""
FILES = ("uprobe", "uretprobe", "usdt")
"""Kinds of places in programs and libraries."""
_LONGEST = 512
_EXAMPLES = {
    "tracepoint": "tracepoint:sched:sched_*",
    "rawtracepoint": "rawtracepoint:sched_*",
    "kprobe": "kprobe:tcp*",
    "kretprobe": "kretprobe:tcp*",
    "uprobe": "uprobe:/bin/bash:* or uprobe:libc:get*",
    "uretprobe": "uretprobe:/bin/bash:*",
    "usdt": "usdt:/path or usdt:/path:provider:name",
}


@dataclass(frozen=True)
class Pattern:
    """What is looked for; `*` stands for any text, everything else for itself."""

    kind: str
    """One of KERNEL or FILES; "" for every kind in KERNEL but kretprobe."""
    place: str
    """Program, library or path of a file; "" for kinds of the kernel."""
    name: str
    """Pattern of what follows kind and place: category:event, function, provider:name."""

    @property
    def in_file(self) -> bool:
        """Whether files are looked into, and not the kernel."""
        return self.kind in FILES

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are looked through."""
        return (self.kind,) if self.kind else KERNEL[:3]

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return expression(self.name)

    def fits(self, name: str) -> bool:
        """Whether the whole of `name` is as the pattern says."""
        return self._expression.fullmatch(name) is not None


def expression(text: str) -> re.Pattern[str]:
    """`text` with `*` for any text as a regular expression."""
    parts = re.split(r"\*+", text)
    return re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)


def parse(text: str) -> Pattern:
    """The pattern in `text`; ValueError, in one line with an example, where it makes no sense.

    Without a colon it is a part of the name of any hook in the kernel, or a kind: "openat", "*_exec", "tracepoint".
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise ValueError("a pattern is one line of text, for instance tracepoint:sched:* or openat")
    first, colon, rest = text.partition(":")
    kind = _SHORT.get(first, first) if colon else first
    if not colon and kind not in KERNEL + FILES:
        return Pattern("", "", text if "*" in text else f"*{text}*")
    if kind not in KERNEL + FILES:
        raise ValueError(f"{first!r} is no kind of hook; there are {', '.join(KERNEL + FILES)}")
    return _in_file(kind, rest) if kind in FILES else _in_kernel(kind, rest or "*")


def _in_kernel(kind: str, rest: str) -> Pattern:
    parts = rest.split(":")
    if len(parts) > (2 if kind == "tracepoint" else 1) or not all(parts):
        raise ValueError(_as_in(kind))
    if kind == "tracepoint" and len(parts) == 1 and "*" not in rest:
        rest += ":*"  # a category
    return Pattern(kind, "", rest)


def _in_file(kind: str, rest: str) -> Pattern:
    place, *name = rest.split(":")
    if not place or len(name) > (2 if kind == "usdt" else 1) or not all(name):
        raise ValueError(_as_in(kind))
    if kind == "usdt":
        return Pattern(kind, place, ":".join(name) if len(name) == 2 else f"*:{name[0] if name else '*'}")
    return Pattern(kind, place, name[0] if name else "*")


def _as_in(kind: str) -> str:
    return f"a pattern of {kind} is written as in {_EXAMPLES[kind]}"
