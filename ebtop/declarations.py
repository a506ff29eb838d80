"""A declaration as a line of JSON, and back; of what anybody wrote, only a declaration that is in order comes back.

Only names, numbers and words: neither the C nor where it lies. Members that are as they are by default are left out, so
that a version with more of them reads what one with fewer wrote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Any, get_args, get_origin

from ebtop.spec import Probe, View
from ebtop.text import clean
from ebtop.vocabulary import MEMBERS, flaws, hints

LONGEST = 1 << 16
"""Characters that a declaration may have."""
MOST = 1024
"""Declarations that go together."""
_KEPT = 64
"""Samples say the same again and again."""
_WHICH = "is"
"""What stands beside the members of a view: the name of its class."""
_LEFT_OUT = ("source", "text")
"""Members of Probe: where the C is, and the C."""
_SAID = 300
"""Characters of what is told of a declaration that is not in order."""


@lru_cache(maxsize=_KEPT)
def written(probe: Probe) -> str:
    """`probe` as `declaration` reads it."""
    return json.dumps(_plain(probe), separators=(",", ":"))


@lru_cache(maxsize=_KEPT)
def declaration(text: str) -> Probe:
    """The probe that `text` declares, with every text in it clean; ValueError, with the first flaw, for any other."""
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    try:
        probe = _made(json.loads(text), Probe, "PROBE")
    except RecursionError:
        raise ValueError("it goes too deep") from None
    if flaw := next(flaws(probe), ""):
        raise ValueError(flaw)
    assert isinstance(probe, Probe)
    return probe


def declarations(texts: Mapping[str, str]) -> dict[str, Probe]:
    """The probes that `texts` declare, by their names; ValueError for one that is not in order, and for too many."""
    if len(texts) > MOST:
        raise ValueError(f"there are more than {MOST} declarations")
    return {name: _named(name, text) for name, text in texts.items()}


def _named(name: str, text: str) -> Probe:
    try:
        probe = declaration(text)
        if probe.name != name:
            raise ValueError(f"it is one of {probe.name}")
    except ValueError as error:
        raise ValueError(f"the declaration of its probe {name} is not in order: {error}"[:_SAID]) from None
    return probe


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        content = {
            field.name: _plain(member)
            for field in fields(value)
            if (member := getattr(value, field.name)) != field.default and field.name not in _LEFT_OUT
        }
        return {_WHICH: type(value).__name__, **content} if isinstance(value, View) else content
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, Enum) else value


# --- and back ---------------------------------------------------------------------------------------------------------


def _made(value: Any, hint: Any, where: str) -> Any:
    """What `value`, at `where`, is as a `hint`; what is of a wrong type stays as it is, for `flaws` to tell."""
    if isinstance(hint, UnionType):
        return _alternative(value, hint, where)
    if get_origin(hint) is tuple:
        return _tuple(value, get_args(hint), where)
    if is_dataclass(hint):
        return _record(value, hint, where)
    if issubclass(hint, Enum):
        if value not in [one.value for one in hint]:
            raise ValueError(f"{where} is no {hint.__name__} of this version of ebtop")
        return hint(value)
    return clean(value) if isinstance(value, str) else value


def _alternative(value: Any, hint: UnionType, where: str) -> Any:
    kinds = {kind.__name__: kind for kind in get_args(hint)}
    which = value.pop(_WHICH, None) if isinstance(value, dict) else None
    if not isinstance(which, str) or which not in kinds:
        raise ValueError(f"{where} is none of {', '.join(kinds)}")
    return _record(value, kinds[which], where)


def _tuple(value: Any, inner: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if type(value) is not list or len(value) > MEMBERS:
        raise ValueError(f"{where} is no list, or has more than {MEMBERS} members")
    kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
    if len(kinds) != len(value):
        raise ValueError(f"{where} has {len(value)} members, not {len(kinds)}")
    pairs = enumerate(zip(value, kinds, strict=True))
    return tuple(_made(one, kind, f"{where}[{place}]") for place, (one, kind) in pairs)


def _record(value: Any, kind: Any, where: str) -> Any:
    if type(value) is not dict:
        raise ValueError(f"{where} has no members")
    known = {field.name: field for field in fields(kind) if field.name not in _LEFT_OUT}
    for name in value:
        if name not in known:
            raise ValueError(f"{where} has a member that this version of ebtop does not know: {clean(name)}")
    for name, field in known.items():
        if name not in value and field.default is MISSING:
            raise ValueError(f"{where} has no {name}")
    return kind(**{name: _made(member, hints(kind)[name], f"{where}.{name}") for name, member in value.items()})
