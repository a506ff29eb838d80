"""bpftrace at work for the probes that are its programs: begun, asked to print, ended; what it prints is not read here.

It is the only program that ebtop runs with privilege and did not bring along. So it is taken only from where none but
root can put one, and what it prints goes by pipes to the process that has no privilege. What that process may ask for
is the concern of `permitted`; the programs that ebtop was started with run as they stand.
"""

from __future__ import annotations

import os
import resource
import select
import selectors
import signal
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic

from ebtop import bpftrace, wire
from ebtop.kernel import attachments, bpf, btf, headers, privileges
from ebtop.kernel.objects import PROGRAM_TYPES, type_name
from ebtop.warden.children import Child, fork
from ebtop.warden.flags import Flags
from ebtop.warden.permitted import MOST, refusal
from ebtop.warden.trusted import found

GRACE_S = 1.0
"""What bpftrace is given to end once it was told to."""
_PIPE_BYTES = 1 << 20
"""Room for what is printed until the reader comes by (pipe(7): the most that is usual)."""
_PRINTS = 2
"""The program loads one BPF program after the other: by the second time that it is asked to print it has them all."""
_SETTINGS = ("BPFTRACE_STRLEN", "BPFTRACE_MAP_KEYS_MAX", "BPFTRACE_PERF_RB_PAGES", "BPFTRACE_MAX_PROBES")
"""Bounds, and only numbers: all that is taken from the environment."""
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_INCLUDE = str(Path(bpftrace.__file__).with_name("include"))
_MOST = 250
"""Descriptors in a message."""

Forward = Callable[[wire.OfProbe, tuple[int, ...]], None]
"""forward(message, descriptors): pass it on, or drop it; closes the descriptors."""


@dataclass(slots=True)
class _Run:
    probe: str
    serial: int
    child: Child
    prints: int = 0
    deadline_s: float = float("inf")
    """When it is killed."""


class Scripts:
    """The runs of bpftrace, by probe."""

    def __init__(
        self,
        flags: Flags,
        selector: selectors.BaseSelector,
        forward: Forward,
        named: str = "",
        begun_with: Collection[str] = (),
    ) -> None:
        """`named`: the bpftrace to run, instead of the usual. `begun_with`: the probes that ebtop was started with.

        What the selector says is to be called as data().
        """
        self._flags = flags
        self._selector = selector
        self._forward = forward
        self._named = named
        self._begun_with = frozenset(begun_with)
        self._runs: dict[int, _Run] = {}
        """By pid."""

    def start(self, probe: str, serial: int) -> None:
        """Begin the program of `probe`; what hinders it is said."""
        from ebtop.bpftrace.declaring import text_of

        try:
            path = found(self._named)
            self._check(probe, text_of(probe))
        except LookupError as why:
            self._forward(wire.Progress(probe, serial, "failed", error=str(why)), ())
            return
        self._forward(wire.Progress(probe, serial, "compiling"), ())
        (output, out), (errors, err), (opened, gate) = os.pipe(), os.pipe(), os.pipe()
        _widen(output)
        warden = os.getpid()
        child = fork(lambda: _become(path, text_of(probe), (out, err), opened, warden))
        for descriptor in (out, err, opened):
            os.close(descriptor)
        run = _Run(probe, serial, child)
        self._runs[child.pid] = run
        self._flags.add(child.pid)
        self._selector.register(child.pidfd, selectors.EVENT_READ, lambda: self._ended(run))
        os.write(gate, b"!")
        os.close(gate)
        self._forward(wire.Piped(probe, serial, child.pid), (output, errors))

    def _check(self, probe: str, text: str) -> None:
        """LookupError, in one line, where the program is not to be begun."""
        if len(self._runs) >= MOST:
            raise LookupError(f"{MOST} programs of bpftrace run already: switch one of them off")
        if probe not in self._begun_with and (why := refusal(text)):
            raise LookupError(why)

    def renumber(self, serials: Mapping[str, int]) -> None:
        """These are the serials of what was begun before the screen was up."""
        for run in self._runs.values():
            run.serial = serials.get(run.probe, run.serial)

    def keep(self, wanted: Mapping[str, int]) -> None:
        """End every run that is none of `wanted`."""
        for run in self._runs.values():
            if wanted.get(run.probe) != run.serial and run.deadline_s == float("inf"):
                run.child.send(signal.SIGTERM)
                run.deadline_s = monotonic() + GRACE_S

    def ask(self, probes: Iterable[str]) -> None:
        """Let the programs of `probes` print all their maps: bpftrace does so on SIGUSR1."""
        for run in self._runs.values():
            if run.probe in probes and run.deadline_s == float("inf"):
                run.child.send(signal.SIGUSR1)
                run.prints += 1
                if run.prints == _PRINTS:
                    self._tell_programs(run)

    @property
    def deadline_s(self) -> float:
        """When `check` has something to do; infinity: never, as it is now."""
        return min((run.deadline_s for run in self._runs.values()), default=float("inf"))

    def check(self, now: float) -> None:
        """Kill those that were told to end and did not."""
        for run in self._runs.values():
            if now >= run.deadline_s:
                run.child.kill()
                run.deadline_s = now + GRACE_S

    def close(self) -> None:
        """End all of them, by force if need be."""
        for run in self._runs.values():
            run.child.send(signal.SIGTERM)
        end = monotonic() + GRACE_S
        for run in self._runs.values():
            waiting = select.poll()
            waiting.register(run.child.pidfd, select.POLLIN)
            if not waiting.poll(max(0.0, end - monotonic()) * 1000):
                run.child.kill()
            run.child.wait()
        self._runs = {}

    def _ended(self, run: _Run) -> None:
        self._selector.unregister(run.child.pidfd)
        del self._runs[run.child.pid]
        self._flags.remove(run.child.pid)
        self._forward(wire.Exited(run.probe, run.serial, run.child.wait()), ())

    def _tell_programs(self, run: _Run) -> None:
        """Descriptors of its BPF programs, for what they cost. The kernel keeps them for the reader: detached, idle."""
        try:
            programs = _programs(run.child.pid)
        except OSError:  # the kernel does not say: then the cost stays unknown
            return
        if not programs:  # it has just ended
            return
        kinds = tuple(kind for _, kind in programs)
        self._forward(wire.Programs(run.probe, run.serial, kinds), tuple(descriptor for descriptor, _ in programs))


def _widen(pipe: int) -> None:
    """More room in a pipe, if the kernel has it."""
    import fcntl

    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except OSError:  # /proc/sys/fs/pipe-max-size says no
        return


def _programs(pid: int) -> list[tuple[int, str]]:
    """A descriptor of each BPF program that process `pid` holds one of, and the program's type."""
    numbers = dict.fromkeys(held.number for held in attachments.descriptors_of(pid) if held.kind == "prog")
    programs = []
    with ExitStack() as opened:
        for number in islice(filter(None, numbers), _MOST):
            descriptor = bpf.by_id(bpf.PROG_BY_ID, number)
            if descriptor is not None:
                opened.callback(os.close, descriptor)
                kind = int.from_bytes(bpf.info(descriptor)[:4], "little")
                programs.append((descriptor, type_name(PROGRAM_TYPES, kind).decode()))
        opened.pop_all()
    return programs


def _headers() -> tuple[str, ...]:
    """Options for the few macros that programs include kernel headers for, where there are none."""
    return () if headers.present() or not os.path.exists(btf.VMLINUX) else ("-I", _INCLUDE)


def _become(path: str, text: str, pipes: tuple[int, int], opened: int, warden: int) -> int:
    os.read(opened, 1)  # until its pid is known to every probe as one of ours
    os.setsid()
    null = os.open("/dev/null", os.O_RDONLY)
    for place, descriptor in enumerate((null, *pipes)):
        os.dup2(descriptor, place)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # Python ignores them
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until bpftrace listens to it, it does no harm
    said = {name: os.environ[name] for name in _SETTINGS if os.environ.get(name, "").isdecimal()}
    privileges.die_with_parent(warden, signal.SIGKILL)
    try:
        os.execve(path, ["bpftrace", *_headers(), "-f", "json", "-B", "line", "-e", text], _ENVIRONMENT | said)
    except OSError as error:
        os.write(2, f"ERROR: {path}: {error.strerror}\n".encode())
        return 126
