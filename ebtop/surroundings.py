"""What the machine has for the numbers among the keys: processes, names, functions; knows no maps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Protocol

from ebtop import wire
from ebtop.callers import Callers
from ebtop.details import Details
from ebtop.labels import Labels, user_name
from ebtop.lookup import AskSymbols, Lookup
from ebtop.processes import Processes
from ebtop.sample import Detail, Process, Records
from ebtop.spec import Kind
from ebtop.union import Numbered, Union


class Telling(Numbered, Protocol):
    """A probe that runs."""

    @property
    def labels(self) -> Mapping[str, Mapping[int, str]]:
        """Names that the probe itself has for numbers among its keys, by label."""

    def told(self) -> Iterator[Records]:
        """Those of its newest events that name a process."""


class Surroundings:
    """All methods but `inspect` belong to the source's thread."""

    def __init__(
        self,
        running: Callable[[], Mapping[str, Telling]],
        send: Callable[[wire.Message], None],
        ask: AskSymbols,
        say: Callable[[str], None],
    ) -> None:
        """`running` gives every probe that runs now, by name; `say` puts a line into the log."""
        self.callers = Callers()
        self._running, self._send = running, send
        self._lookup = Lookup(self.callers, ask, say)
        self._labels = Labels()
        self._processes = Processes(user_name)
        self._details = Details()
        self._numbers = Union(running)
        self._inspected = 0
        self._to_inspect = 0
        """As any thread wishes; `_inspected` follows."""

    def inspect(self, pid: int) -> None:
        """The process whose details are looked up for each sample, 0 for none; any thread."""
        self._to_inspect = pid

    def reconcile(self) -> bool:
        """Follow what is wished; whether there is anything new to be shown."""
        before, self._inspected = self._inspected, self._to_inspect
        return self._inspected not in (0, before) and not self._details.knows(self._inspected)

    def ask(self, now_s: float) -> None:
        """Ask for functions whose names are not known, if it is time (monotonic)."""
        self._lookup.ask(now_s)

    def learn_containers(self, ids: tuple[str, ...], names: tuple[str, ...]) -> None:
        """What those containers are called."""
        self._processes.learn_containers(ids, names)

    def processes(self) -> Mapping[int, Process]:
        """Name, user and unit of every process that has a row; asks for names of containers that are new."""
        for running in self._running().values():
            for records in running.told():
                self._processes.learn(records)
        known = self._processes.update(self._numbers.of(Kind.PID))
        self.callers.forget(self._processes.changed)
        if ids := self._processes.question(time.monotonic()):
            self._send(wire.AskContainers(ids))
        return known

    def details(self, processes: Mapping[int, Process]) -> Mapping[int, Detail]:
        """What else is known by now of those, the newest `processes`, and of the one that is inspected."""
        return self._details.update(processes, self._numbers.of(Kind.PID), self._processes.changed, self._inspected)

    def labels(self) -> Mapping[str, Mapping[int, str]]:
        """Names that the machine has for the numbers among the keys."""
        of = self._numbers.of
        named = dict(self._labels.of(of(Kind.DEVICE), of(Kind.UID), of(Kind.INTERFACE)))
        if symbols := self.callers.kernel.names(of(Kind.SYMBOL)):
            named[Kind.SYMBOL.value] = symbols
        named |= self.callers.functions.labels()
        return dict(chain(named.items(), *(running.labels.items() for running in self._running().values())))
