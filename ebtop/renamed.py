"""Names that are others than before, small, applied both ways; knows what has names, nothing of time."""

from __future__ import annotations

import marshal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from ebtop.sample import Detail, Process
from ebtop.sparse import deflated, inflated

Names = Mapping[Any, Any]
"""By number: texts, or one of the kinds below."""
_KINDS: tuple[type[Any], ...] = (Process, Detail)
_MEMBERS = {kind: attrgetter(*(member.name for member in fields(kind))) for kind in _KINDS}
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_ABSENT = object()
OBJECT = 90
"""Bytes of a step's object and of its place in a dictionary."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """Some names are others; `content` has each key, the name before and the name now, None where there is none.

    It is marshalled, as the fastest way there and back; it never leaves the process.
    """

    content: bytes

    @property
    def bytes(self) -> int:
        """About what it occupies, as of all steps."""
        return OBJECT + sys.getsizeof(self.content)

    def applied(self, names: Names, back: bool) -> Names:
        """`names` after this step, or before it if `back`."""
        known = dict(names)
        for key, before, now in marshal.loads(inflated(self.content)):  # noqa: S302 # its own
            name = before if back else now
            if name is None:
                del known[key]
            else:
                known[key] = _thing(name)
        return known


def renamed(now: Names, before: Names) -> Renamed | None:
    """What leads from `before` to `now` and back; None where both are the same."""
    others = [(key, before.get(key), name) for key, name in now.items() if before.get(key, _ABSENT) is not name]
    changed = [(key, _plain(old), _plain(new)) for key, old, new in others if old != new]
    changed += [(key, _plain(before[key]), None) for key in before.keys() - now.keys()]
    return Renamed(deflated(marshal.dumps(changed))) if changed else None


def _plain(name: Any) -> Any:
    members = _MEMBERS.get(type(name))
    return name if members is None else (_NUMBERS[type(name)], *members(name))


def _thing(plain: Any) -> Any:
    return _KINDS[plain[0]](*plain[1:]) if isinstance(plain, tuple) else plain
