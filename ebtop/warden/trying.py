"""Whether functions and events that were named are there, asked in a child before anything is begun; draws nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from ebtop import registry
from ebtop.text import clean
from ebtop.warden.children import fork

_LONGEST = 4096


def lacking(wanted: Iterable[str]) -> str:
    """Why the first of `wanted` that is made of a line of text cannot be counted here, in one line; "" if all can.

    A child looks, as that takes memory, and a mount that nobody else needs.
    """
    named = [name for name in wanted if registry.is_made_up(name) and registry.probe(name).ways]
    if not named:
        return ""
    ours, theirs = os.pipe()
    child = fork(lambda: _look(named, theirs))
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read(_LONGEST)
    child.wait()
    return clean(said.decode("utf-8", "replace"))


def _look(named: Iterable[str], pipe: int) -> int:
    from ebtop.kernel import hooks, namespace

    with suppress(OSError):  # without it, what needs tracefs says so
        namespace.mount_tracefs()
    for name in named:
        if why := hooks.nowhere(registry.probe(name)):
            os.write(pipe, " ".join(f"{name.partition(':')[2]}: {why}".split()).encode()[:_LONGEST])
            break
    return 0
