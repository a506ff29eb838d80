"""Probes loaded by the real loader in a forked child, and their maps by name, for tests."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ebtop import registry, wire
from ebtop.kernel import hooks, loader, namespace, source
from ebtop.kernel.maps import MapReader
from ebtop.kernel.ringbuf import RingReader
from ebtop.sample import EventTail, MapRows
from ebtop.spec import Probe
from ebtop.warden.flags import Flags
from ebtop.warden.sharing import Sharing
from tests.kernel import closing

LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Answers:
    """All that one loader said."""

    messages: tuple[wire.Progress | wire.Live, ...]
    descriptors: Mapping[str, tuple[int, ...]]
    """By probe, those that came with its Live."""
    status: int
    """Exit status, or minus a signal."""
    output: str
    """What it wrote to stdout and stderr."""
    pid: int = 0

    def let_go(self) -> None:
        """Detach what was loaded."""
        closing.close(chain.from_iterable(self.descriptors.values()))


LOOPBACK = ("lo",)


def ask(
    serials: Mapping[str, int],
    own_pids: frozenset[int] = frozenset(),
    way: str = "",
    rows: int = 0,
    interfaces: tuple[str, ...] = LOOPBACK,
    unshared: frozenset[str] = frozenset(),
) -> Answers:
    """Run one loader to its end.

    `way`: the name of the only way to try; `rows`: how many the probes' tables hold; `interfaces`: of XDP, never those
    that connect this machine; `unshared`: probes that are to share no place.
    """
    ours, theirs = wire.pair()
    output = os.memfd_create("loader-output", os.MFD_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        ours.close()
        os.dup2(output, 1)
        os.dup2(output, 2)
        os._exit(_child(theirs, serials, own_pids, way, rows, interfaces, unshared))
    theirs.close()
    ours.settimeout(LIMIT_S)
    messages: list[wire.Progress | wire.Live] = []
    descriptors: dict[str, tuple[int, ...]] = {}
    try:
        while (received := wire.receive(ours)) is not None:
            message, attached = received
            assert isinstance(message, wire.Progress | wire.Live)
            messages.append(message)
            if attached:
                descriptors[message.probe] = attached
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        ours.close()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said = os.pread(output, wire.LOG_LIMIT, 0).decode("utf-8", "replace")
        os.close(output)
    return Answers(tuple(messages), descriptors, status, said, pid)


def _child(
    channel: socket.socket,
    serials: Mapping[str, int],
    own_pids: frozenset[int],
    way: str,
    rows: int,
    interfaces: tuple[str, ...],
    unshared: frozenset[str],
) -> int:
    try:
        namespace.mount_tracefs()
        if way:
            _only(way)
        if rows:
            small(serials, rows)
        flags = Flags(*own_pids)
        return loader.run(channel, serials, flags.descriptor, unshared, interfaces=interfaces)
    except BaseException:
        import traceback

        traceback.print_exc()
        return 70


def _only(way: str) -> None:
    """Let the registry know no way but that one; the C is still told the index that it has."""
    declared = registry.probe

    def narrowed(name: str) -> Probe:
        probe = declared(name)
        unwanted = tuple(
            one if one.name == way else replace(one, hooks=(replace(one.hooks[0], target="no_such_place"),))
            for one in probe.ways
        )
        return replace(probe, ways=unwanted)

    registry.probe = narrowed


def no_place(broken: str) -> None:
    """Let the registry know no place that exists for the probe `broken`; a change of this process for good."""
    declared = registry.probe

    def placeless(name: str) -> Probe:
        probe = declared(name)
        if name != broken:
            return probe
        ways = (replace(way, hooks=(replace(way.hooks[0], target="no_such_place"),)) for way in probe.ways)
        return replace(probe, ways=tuple(ways))

    registry.probe = placeless


def small(probes: Iterable[str], rows: int) -> None:
    """Compile the tables of `probes` with room for `rows` rows only."""
    usual = source.options
    sizes = tuple(f"-D{registry.probe(probe).prefix.upper()}_ROWS={rows}" for probe in probes)
    source.options = lambda machine: (*usual(machine), *sizes)


def _cannot_share(probe: str, _: int) -> None:
    raise AssertionError(f"{probe} cannot share its place")


def workable(probe: str) -> list[str]:
    """Names of the ways of `probe` that have a place in this kernel."""
    return [way.name for way in registry.probe(probe).ways if not hooks.lacking(way)]


def misses(descriptors: Iterable[Path]) -> int:
    """Events at which programs did not run, as the CPU was at work on one, by their files in /proc/PID/fdinfo."""
    said = "".join(one.read_text() for one in descriptors)
    return sum(map(int, re.findall(r"recursion_misses:\s*(\d+)", said)))


class Loaded:
    """Probes that are live; AssertionError, with the loader's own words, when one is not."""

    def __init__(
        self,
        probes: tuple[str, ...],
        own_pids: frozenset[int] = frozenset(),
        way: str = "",
        rows: int = 0,
        interfaces: tuple[str, ...] = LOOPBACK,
    ) -> None:
        answers = ask({probe: serial for serial, probe in enumerate(probes, 1)}, own_pids, way, rows, interfaces)
        self.status = answers.status
        self.messages = answers.messages
        self.live = {one.probe: one for one in answers.messages if isinstance(one, wire.Live)}
        self._sharing = Sharing(_cannot_share)
        self._descriptors = dict(answers.descriptors)
        for probe, live in self.live.items():
            joined, self._descriptors[probe] = self._sharing.join(live, self._descriptors[probe])
            assert joined is live, joined
        failed = [one for one in answers.messages if isinstance(one, wire.Progress) and one.state == "failed"]
        self._readers: dict[str, MapReader] = {}
        self._rings: dict[str, RingReader] = {}
        self._held = list(self._descriptors.values())
        missing = set(probes) - set(self.live)
        if missing:
            self.close()
            said = "; ".join(f"{one.probe}: {one.error}\n{one.log}" for one in failed)
            raise AssertionError(
                f"not live: {', '.join(sorted(missing))} (status {self.status}); {said}\n{answers.output}"
            )
        self.maps: dict[str, tuple[wire.MapInfo, int]] = {}
        for probe, live in self.live.items():
            for info, descriptor in zip(live.maps, self._descriptors[probe], strict=False):
                self.maps[info.name] = (info, descriptor)

    def rows(self, name: str) -> MapRows:
        """The whole map `name` as it is now."""
        if name not in self._readers:
            info, descriptor = self.maps[name]
            self._readers[name] = MapReader(info, descriptor)
        return self._readers[name].read()

    def events(self, ring: str, record: str) -> EventTail:
        """The newest records of the ring buffer `ring`, whose struct is the value of the map `record`."""
        if ring not in self._rings:
            info, descriptor = self.maps[ring]
            layout, _ = self.maps[record]
            self._rings[ring] = RingReader(info, layout.value, layout.value_size, descriptor)
        return self._rings[ring].read()

    def texts(self, name: str) -> dict[int, str]:
        """The texts that the map `name` has numbers for, by number."""
        content = self.rows(name)
        (text,) = content.keys.dtype.names or ("",)
        pairs = zip(content.values["value"].tolist(), content.keys[text].tolist(), strict=True)
        return {number: raw.decode() for number, raw in pairs}

    def programs(self, probe: str) -> tuple[int, ...]:
        """Descriptors of the probe's programs."""
        live = self.live[probe]
        return self._descriptors[probe][len(live.maps) : len(live.maps) + len(live.programs)]

    def missed(self, probe: str) -> int:
        """Events at which a program of the probe did not run, as it was at work on that CPU (Linux 5.12 and newer)."""
        heads = self._descriptors[probe][self.live[probe].second]
        return misses(Path(f"/proc/self/fdinfo/{one}") for one in (*self.programs(probe), *heads))

    def totals(self, probe: str) -> dict[str, int]:
        """The probe's own book-keeping: total, drops, lost, unmatched."""
        values = self.rows(f"{probe}_totals").values
        return {name: int(values[name].sum()) for name in values.dtype.names or ()}

    def leave(self, probe: str) -> None:
        """Take its programs out of the places that they share; what it counted stays."""
        self._sharing.leave(probe)

    def detach(self) -> None:
        """Let go of programs and links; the maps stay, and stand still."""
        self._sharing.close()
        for probe, live in self.live.items():
            descriptors = self._descriptors[probe]
            closing.close(descriptors[len(live.maps) :])
            self._held.remove(descriptors)
            self._held.append(descriptors[: len(live.maps)])

    def close(self) -> None:
        """Detach; twice does no harm."""
        readers: list[MapReader | RingReader] = [*self._readers.values(), *self._rings.values()]
        for reader in readers:
            reader.close()
        self._readers.clear()
        self._rings.clear()
        self._sharing.close()
        closing.close(chain.from_iterable(self._held))
        self._held.clear()
