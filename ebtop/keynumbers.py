"""Which processes, users, devices and the like the keys of a probe name; looks nobody up."""

from __future__ import annotations

from collections.abc import Mapping

from ebtop import rows
from ebtop.sample import EventTail, MapRows, Records
from ebtop.spec import Histogram, Kind, Probe, keys_in


class Numbers:
    """The distinct numbers of each kind among a probe's keys; looked for again only where the keys are new."""

    _KINDS = (Kind.PID, Kind.UID, Kind.DEVICE, Kind.INTERFACE, Kind.SYMBOL)

    def __init__(self, probe: Probe) -> None:
        self._members = {
            (view.map, key.field, key.kind) for view in probe.views for key in keys_in(view) if key.kind in self._KINDS
        }
        self._from: dict[tuple[str, str, Kind], Records] = {}
        self._found: dict[tuple[str, str, Kind], frozenset[int]] = {}
        self._told = [
            (view.name, key.field, key.kind)
            for view in probe.views
            if isinstance(view, Histogram)
            for key in view.worst_keys
            if key.kind in self._KINDS
        ]
        self._beside: dict[Kind, frozenset[int]] = {}

    def look(self, maps: dict[str, MapRows], events: dict[str, EventTail]) -> None:
        for member in self._members:
            name, field, _ = member
            records = maps[name].keys if name in maps else events[name].records if name in events else None
            if records is not None and records is not self._from.get(member):
                self._from[member] = records
                self._found[member] = frozenset(rows.distinct(records[field]).tolist())

    def look_beside(self, worst: Mapping[str, Records]) -> None:
        """The numbers that only examples have: seldom any, as what happened has a row, unless its map is full."""
        for kind in {kind for _, _, kind in self._told}:
            told = {
                number
                for name, field, one in self._told
                if one is kind and name in worst and worst[name].size
                for number in worst[name][field].tolist()
            }
            beside = frozenset(told.difference(*self._of_rows(kind)))
            if beside != self._beside.get(kind):
                self._beside[kind] = beside

    def _of_rows(self, kind: Kind) -> list[frozenset[int]]:
        return [numbers for member, numbers in self._found.items() if member[2] is kind]

    def of(self, kind: Kind) -> list[frozenset[int]]:
        return [*self._of_rows(kind), *([self._beside[kind]] if kind in self._beside else [])]
