"""The real warden, the real loader and Live in their own processes; every sample comes back to the test whole.

`python -m tests.kernel.live_session INTERVAL BROKEN ROWS ROOT` is the other end: it takes JSON lines, pickles samples.
"""

from __future__ import annotations

import json
import os
import pickle
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from ebtop.export.files import write_private
from ebtop.kernel import bpf, loader
from ebtop.sample import ProbeSample, Sample, State, Target
from ebtop.warden import containers, loading
from ebtop.warden.aiming import FOLLOWED
from ebtop.warden.launch import Plan, run
from tests.kernel.loaded import LOOPBACK, no_place, small
from tests.kernel.pace import EMULATED
from tests.kernel.terminal_session import REPOSITORY, wait_until

PATIENCE_S = 240.0 if EMULATED else 30.0
Ids = frozenset[tuple[str, int]]


def ids() -> Ids:
    """Every program, map and link of the host."""
    kinds = {"program": bpf.PROG_NEXT_ID, "map": bpf.MAP_NEXT_ID, "link": bpf.LINK_NEXT_ID}
    return frozenset((kind, number) for kind, command in kinds.items() for number in bpf.ids(command))


class LiveSession:
    """Live beside a warden; what is asked of it goes there, what it publishes comes here."""

    def __init__(
        self, *probes: str, interval: float = 0.2, broken: str = "", rows: int = 0, root: str = containers.ROOT
    ) -> None:
        """`broken` finds no place to attach to; `rows`: how many the tables of `probes` hold.

        `root`: the folder in which the warden looks for what runtimes keep of their containers.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kernel.live_session", str(interval), broken, str(rows), root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=REPOSITORY,
            env={name: value for name, value in os.environ.items() if not name.startswith("SUDO_")},
        )
        self.warden = self._process.pid
        self._samples: queue.SimpleQueue[Sample | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        self.want(*probes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        assert self._process.stdout
        try:
            while True:
                self._samples.put(pickle.load(self._process.stdout))
        except (EOFError, pickle.UnpicklingError):  # the end, or killed in mid-sample
            self._samples.put(None)

    def _say(self, **order: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def want(self, *probes: str) -> None:
        """These are to run from now on, and no other."""
        self._say(want=probes)

    def every(self, seconds: float) -> None:
        """The refresh interval from now on."""
        self._say(every=seconds)

    def inspect(self, pid: int) -> None:
        """The process to be looked at in each sample."""
        self._say(inspect=pid)

    def aim(self, target: Target, followed: bool = False) -> Sample:
        """Count only `target` from now on; the first sample where it is in force, and followed if that is said."""
        self._say(aim=asdict(target))
        log: list[str] = []

        def in_force(sample: Sample) -> bool:
            log.extend(sample.messages)
            return sample.target == target and (not followed or any(FOLLOWED in line for line in log))

        return self.until(in_force)

    def next(self) -> Sample:
        """The next sample."""
        sample = self._samples.get(timeout=PATIENCE_S)
        assert sample is not None, "Live has ended"
        return sample

    def until(self, true: Callable[[Sample], bool]) -> Sample:
        """The first sample from now on of which that is true."""
        deadline = time.monotonic() + PATIENCE_S
        while not true(sample := self.next()):
            assert time.monotonic() < deadline, {name: probe.state for name, probe in sample.probes.items()}
        return sample

    def live(self, *probes: str) -> Sample:
        """The first sample in which all of `probes` are live."""
        return self.until(lambda sample: all(state_of(sample, probe) is State.LIVE for probe in probes))

    def tick(self) -> Sample:
        """A regular sample that was begun after this call."""
        now = time.monotonic_ns()
        return self.until(lambda sample: sample.tick and sample.monotonic_ns > now + 50_000_000)

    def screen(self) -> int:
        """Pid of the process that Live is in: the warden's first child."""
        children = Path(f"/proc/{self.warden}/task/{self.warden}/children")
        wait_until(lambda: bool(children.read_text()))
        return int(children.read_text().split()[0])

    def kill(self) -> None:
        """SIGKILL to the process that Live is in."""
        os.kill(self.screen(), signal.SIGKILL)
        self._process.wait(PATIENCE_S)

    def close(self) -> None:
        """Ask Live to close, and wait for everything to end."""
        if self._process.stdin and not self._process.stdin.closed:
            with suppress(BrokenPipeError):  # it has ended already
                self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()


def state_of(sample: Sample, probe: str) -> State:
    """Where a probe stands."""
    return sample.probes.get(probe, ProbeSample(State.OFF)).state


def _draw(line: socket.socket, warden: int) -> int:
    """What stands where the dashboard would: publishes by pickle, obeys lines."""
    from ebtop.live import Live

    source = Live(line, warden, float(sys.argv[1]))
    out = os.fdopen(os.dup(1), "wb")

    def publish(sample: Sample) -> None:
        pickle.dump(sample, out)
        out.flush()

    source.start(publish)
    for row in sys.stdin:
        order = json.loads(row)
        if "want" in order:
            source.want(order["want"])
        if "every" in order:
            source.every(order["every"])
        if "inspect" in order:
            source.inspect(order["inspect"])
        if "aim" in order:
            source.aim(Target(**{**order["aim"], "pids": tuple(order["aim"]["pids"])}))
    source.close()
    sys.stderr.write(source.failure)
    return 1 if source.failure else 0


def _load(channel: socket.socket, serials: Mapping[str, int], flags: int, unshared: frozenset[str]) -> int:
    if sys.argv[2]:
        no_place(sys.argv[2])
    if sys.argv[3] != "0":
        small(serials, int(sys.argv[3]))
    return loader.run(channel, serials, flags, unshared, interfaces=LOOPBACK)


if __name__ == "__main__":
    if EMULATED:
        loading.LIMIT_S = PATIENCE_S
    containers.ROOT = sys.argv[4]
    sys.exit(run(Plan(_draw, _load, write_private, {})))
