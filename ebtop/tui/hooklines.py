"""The listing of hooks as lines: names, the arguments of one, and what may be asked; pure, asks nothing itself."""

from __future__ import annotations

import textwrap

from ebtop import units
from ebtop.offer import Hooks
from ebtop.tui.pieces import Line, left, middle, spread, width

_EXAMPLES = (
    ("openat", "whatever in the kernel has this in its name"),
    ("tracepoint:sched:*", "the tracepoints of a category"),
    ("rawtracepoint:sched_*", "raw tracepoints"),
    ("kprobe:tcp*", "functions of the kernel"),
    ("uprobe:libc:get*", "functions of a library"),
    ("uprobe:/bin/bash:*", "functions of a program"),
    ("usdt:/usr/bin/python3:*", "static markers of a program"),
)
_NO_ARGUMENTS = {
    "kprobe": "those of the function; registers hold them",
    "kretprobe": "the value that the function returns",
    "uprobe": "those of the function, which its symbol does not tell",
    "uretprobe": "the value that the function returns",
}


def example_lines() -> list[Line]:
    """What may be asked."""
    room = max(width(pattern) for pattern, _ in _EXAMPLES) + 3
    lines: list[Line] = [[(" What can be hooked here? * stands for any text, as in bpftrace -l.", "text")], []]
    return lines + [[("   ", "text"), (left(pattern, room), "key"), (words, "dim")] for pattern, words in _EXAMPLES]


def said_lines(hooks: Hooks, pattern: str, cells: int) -> list[Line]:
    """What there is to say instead of names, or before them."""
    if hooks.error:
        return _folded(hooks.error, "warn", cells)
    lines = [line for note in hooks.notes for line in _folded(note, "faint", cells)]
    if not hooks.names and not lines:
        lines = [[(f" no hook fits {pattern}", "faint")]]
    return lines


def _folded(text: str, role: str, cells: int) -> list[Line]:
    return [[(f" {line}", role)] for line in textwrap.wrap(text, max(20, cells - 2))]


def name_line(name: str, cells: int) -> Line:
    """One hook: where it is dimmed, its own name not; too long, its middle gives way."""
    text = middle(name, cells - 2) if width(name) > cells - 2 else name
    where, colon, own = text.rpartition(":")
    return [(f" {where}{colon}", "dim"), (own, "text")]


def count_text(hooks: Hooks) -> str:
    """How many there are, and whether all of them are listed."""
    if hooks.whole > len(hooks.names):
        return f"the first {units.exact(len(hooks.names))} of {units.exact(hooks.whole)}"
    return f"{units.exact(hooks.whole)} hook{'' if hooks.whole == 1 else 's'}"


def argument_lines(name: str, arguments: tuple[str, ...] | None, cells: int) -> list[Line]:
    """The rule with the hook's name, and its arguments as C declares them; None: not known yet."""
    kind = name.partition(":")[0]
    count = f"{len(arguments)} argument{'' if len(arguments) == 1 else 's'}" if arguments else "arguments"
    title: Line = [("─ ", "rule"), (middle(name, min(width(name), max(8, cells - 22))), "accent"), (" ", "text")]
    lines = [spread(title, [(f" {count} ", "faint"), ("─", "rule")], cells, ("─", "rule"))]
    if arguments:
        return lines + _declared(arguments, cells)
    words = _NO_ARGUMENTS.get(kind) or ("…" if arguments is None else "it has none")
    return [*lines, [(f" {words}", "faint")]]


def has_arguments(name: str) -> bool:
    """Whether it is worth asking for the arguments of hook `name`."""
    return name.partition(":")[0] not in _NO_ARGUMENTS


def _declared(arguments: tuple[str, ...], cells: int) -> list[Line]:
    """In as many columns as fit, filled downwards."""
    room = max(width(text) for text in arguments) + 3
    columns = max(1, min(3, (cells - 1) // room))
    height = -(-len(arguments) // columns)
    rows = [arguments[row::height] for row in range(height)]
    return [[(" ", "text"), *(piece for text in row for piece in _argument(text, room))] for row in rows]


def _argument(text: str, room: int) -> Line:
    kind, blank, name = text.rpartition(" ")
    return [(kind + blank, "dim"), (left(name, room - width(kind + blank)), "text")]
