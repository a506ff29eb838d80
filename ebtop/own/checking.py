"""What has to hold for a declaration and its C together, built in or not; compiles and loads nothing.

What only the compiler and the kernel know, such as the members of a map, is looked at when the probe goes live.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from ebtop import registry, vocabulary
from ebtop.declarations import LONGEST, written
from ebtop.kernel import programs
from ebtop.own import cnames
from ebtop.spec import ALL, SELF, Events, Flame, Histogram, Probe, Table, View, Way, keys_in, keys_of, stacks_of

_PLAIN = ("index", "value")
"""What members.fields calls the key of an array, and a value, that is no struct."""


def flaws(probe: object, c: str, name: str) -> Iterator[str]:
    """All that is wrong with what a file `name`.py declares and with its C, a line each; nothing for what is right."""
    of_itself = list(vocabulary.flaws(probe))
    yield from of_itself
    if isinstance(probe, Probe) and not of_itself:  # the rest would stumble over it
        code = cnames.plain(c)
        if probe.name != name:
            yield f"the probe is called {probe.name!r} and its files {name!r}: call both the same"
        if len(written(probe)) > LONGEST:
            yield f"it is longer than the {LONGEST} characters that a recording takes of a declaration"
        for way in probe.ways:
            yield from _of_way(probe, way, code)
        yield from chain(_of_maps(probe, code), _of_c(probe, code))


# --- ways -------------------------------------------------------------------------------------------------------------


def _of_way(probe: Probe, way: Way, c: str) -> Iterator[str]:
    for hook in way.hooks:
        place = f"way {way.name}, hook {hook.target}"
        if hook.kind not in programs.KINDS:
            yield f"{place}: there is no kind {hook.kind!r}; they are {', '.join(programs.KINDS)}"
        if not hook.function.startswith(f"{probe.name}_"):
            yield f"{place}: the function {hook.function!r} does not begin with {probe.name}_"
        elif not re.search(rf"\b{re.escape(hook.function)}\b", c):
            yield f"{place}: the C file has no function {hook.function}"
    for member in way.fields:
        if not all(re.fullmatch(r"(?:enum )?\w+(\.\w+)+", one) for one in member.split("|")):
            yield f"way {way.name}: {member!r} is no struct.member"


# --- views ------------------------------------------------------------------------------------------------------------


def _of_maps(probe: Probe, c: str) -> Iterator[str]:
    named = [(f"view {view.name}", name) for view in probe.views for name in _maps_of(view)]
    for where, name in named:
        if not name.startswith(f"{probe.name}_"):
            yield f"{where}: the map {name!r} does not begin with {probe.name}_"
    if probe.ways:  # the others are made up of what the warden reads
        yield from _missing(probe, c)


def _missing(probe: Probe, c: str) -> Iterator[str]:
    """Words of the declaration that are none of the C, as they are spelled otherwise; but for what macros paste."""
    shared = c + cnames.plain((registry.FOLDER / "ebtop.h").read_text("utf-8"))
    words = [("headline", field, shared) for field in probe.headline]
    for view in probe.views:
        where = f"view {view.name}"
        words += [(where, view.map, c), *((where, field, shared) for field in _members_of(view))]
        if isinstance(view, Histogram) and view.worst:
            words.append((where, view.worst, c))
    for where, word, text in dict.fromkeys(words):
        if not re.search(rf"\b{re.escape(word)}\b", text):
            yield f"{where}: the C file has no {word!r}"


def _maps_of(view: View) -> tuple[str, ...]:
    """Every map of the C file that a view names."""
    beside = {Events: "record", Histogram: "worst"}.get(type(view), "")
    named = (view.map, stacks_of(view), getattr(view, beside, ""), *(key.texts for key in keys_of(view)))
    return tuple(name for name in named if name)


def _members_of(view: View) -> Iterator[str]:
    """Members of C structs that a view reads; keys and values that are plain numbers have no name in C."""
    fields = [key.field for key in keys_in(view)]
    if isinstance(view, Histogram):
        fields += (key.field for key in view.worst_keys)
    if isinstance(view, Table):
        fields += (name for column in view.columns for name in (column.field, column.per) if name)
    if stacks_of(view):
        fields = [name.removeprefix(SELF).removeprefix(ALL) for name in fields]
    if isinstance(view, Flame):
        fields.append(view.field)
    yield from (field for field in fields if field not in _PLAIN)


# --- C ----------------------------------------------------------------------------------------------------------------


def _of_c(probe: Probe, c: str) -> Iterator[str]:
    """All probes are compiled as one text, so what one declares must not be what another declares."""
    if not probe.ways:
        return
    prefixes = (f"{probe.name}_", f"{probe.name.upper()}_")
    for found in cnames.declared(c):
        names = found.split()
        if not any(name.startswith(prefixes) or name == probe.name for name in names):
            yield f"{probe.name}.c declares {found}: a name that does not begin with {probe.name}_"
    if not re.search(rf"\b{probe.totals}\b", c):
        yield f"{probe.name}.c keeps no books: EBTOP_COUNTERS(struct ebtop_totals, {probe.totals}, 1)"
