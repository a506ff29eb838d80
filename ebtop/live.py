"""The source of a running kernel: one thread hears the warden and reads maps; it knows no rates, no screens."""

from __future__ import annotations

import queue
import select
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from ebtop import registry, units, wire
from ebtop.asked import Asked
from ebtop.offer import Hooks, Offers, ProgramDetail
from ebtop.probing import Probing
from ebtop.sample import HostSample, Sample, State, Target
from ebtop.saves import Saves
from ebtop.text import clean
from ebtop.waking import Waking

if TYPE_CHECKING:
    from ebtop.host import Host

FIRST_DATA_S = 0.1
"""A probe that went live is read once more so soon after: there is something to see before the interval is over."""
_QUARTER = 0.25
"""Ring buffers fuller than that are emptied between two refreshes, when the kernel says that they fill up."""
_AHEAD_S, _AHEAD = 0.1, 0.25
"""How long before a sample bpftrace is asked to print, and which part of the interval at most."""
_STOP_S = 5.0
_ON_THE_WAY = (State.COMPILING, State.ATTACHING)


class Live:
    """A sample.Source over the wire to a warden. All reading happens in a thread of its own."""

    mode = "LIVE"

    def __init__(self, line: socket.socket, warden_pid: int, interval: float = 1.0, command: bool = False) -> None:
        """`command`: ebtop was started with one, which the warden lets go when every probe has been read once."""
        self.ended = False
        """The warden is gone; nothing is attached any more."""
        self.on_end: Callable[[], None] | None = None
        """Called once, from the source's thread, when the warden is gone or the thread has failed."""
        self.failure = ""
        """The traceback of what ended the thread, if that was a fault of ebtop's own."""
        self.command_status: int | None = None
        """How the command ended, minus the signal that killed it; set before the last sample of all is published."""
        self.held = False
        """The command has ended and the last sample of all is published."""
        self.baseline: Sample | None = None
        """That of before the command, once it has ended: what the last sample is to be compared with."""
        self._before_command: Sample | None = None
        self._has_command = command
        self._target = Target()
        self._aims: queue.SimpleQueue[Target] = queue.SimpleQueue()
        self._line = line
        self._warden_pid = warden_pid
        self._interval_s = interval
        self._due_s = 0.0
        self._early_s = float("inf")
        self._ask_s = 0.0
        """When bpftrace is asked to print for the next sample."""
        self._asked = Asked(lambda question: wire.send(line, question))
        self._probing = Probing(self._send, self._asked.symbols)
        self._host: Host | None = None
        self._publish: Callable[[Sample], None] | None = None
        self._thread: threading.Thread | None = None
        self._waking = Waking()
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)
        self._poll.register(self._waking, select.POLLIN)
        self._poll.register(self._probing.rings, select.POLLIN)
        self._lock = threading.Lock()
        self._closing = False
        self._saves = Saves(line)

    # --- any thread -----------------------------------------------------------------------------------------------

    def start(self, publish: Callable[[Sample], None]) -> None:
        """Begin; `publish` is called from the source's thread."""
        self._publish = publish
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._thread.start()

    def want(self, probes: Iterable[str]) -> None:
        """All probes that are to run; KeyError for one that does not exist. Those left out are detached."""
        self._probing.want(tuple(probes))
        self._waking.wake()

    def every(self, seconds: float) -> None:
        """Refresh every `seconds` from now on."""
        with self._lock:
            self._interval_s = seconds
            self._due_s = min(self._due_s, time.monotonic() + seconds)
            self._plan_to_ask()
        self._waking.wake()

    def aim(self, target: Target) -> None:
        """Count only this target's events; nothing is attached anew. `Sample.target` says when it is in force."""
        self._aims.put(target)
        self._waking.wake()

    def inspect(self, pid: int) -> None:
        """Look up the details of `pid` at each refresh, the first time at once; 0: nobody's."""
        self._probing.around.inspect(pid)
        self._waking.wake()

    def list_ways(self, then: Callable[[Offers], None]) -> None:
        """Ask the warden which ways of all probes would work here."""
        self._asked.ways(then)

    def list_hooks(self, pattern: str, then: Callable[[Hooks], None], arguments: bool = False) -> None:
        """Ask the warden for the hooks that fit `pattern`."""
        self._asked.hooks(pattern, arguments, then)

    def look_at_program(self, number: int, then: Callable[[ProgramDetail], None]) -> None:
        """Ask the warden for all there is to say of one BPF program."""
        self._asked.program(number, then)

    def save(self, path: str, content: bytes) -> str:
        """Let the warden write `content` to `path`; the path written. OSError when it could not."""
        return self._saves.save(path, content)

    def close(self) -> None:
        """Detach everything and end the thread."""
        with self._lock:
            self._closing = True
        self._waking.wake()
        if self._thread is None:
            self._finish()
        elif self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    # --- the source's thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._probing.reconcile()
            from ebtop.host import Host  # psutil takes 20 ms, in which the loaders work already

            self._host = Host(self._warden_pid)
            self._due_s = time.monotonic() + self._interval_s
            self._plan_to_ask()
            self._sample(tick=False)
            while not self._closing and not self.ended:
                self._turn()
        except Exception:  # told once the terminal is its own again, or it would be lost among the drawing
            self.failure = traceback.format_exc()
        finally:
            self._finish()
        if not self._closing:
            self.ended = True
            if self.on_end is not None:
                self.on_end()

    def _turn(self) -> None:
        """Wait for whatever comes first, and do it."""
        changed = self._wait()
        if self._closing or self.command_status is not None:
            return
        while not self._aims.empty():
            self._send(wire.Aim(**asdict(self._aims.get())))
        changed |= self._probing.reconcile()
        now = time.monotonic()
        if now >= self._ask_s:
            self._ask_s = float("inf")
            self._probing.scripts.ask()
        if now >= self._due_s:
            self._due_s += self._interval_s * (1 + (now - self._due_s) // self._interval_s)
            self._early_s = float("inf") if now >= self._early_s else self._early_s
            self._sample(tick=True)
            self._plan_to_ask()
        elif changed or self.ended or now >= self._early_s:
            self._early_s = float("inf") if now >= self._early_s else self._early_s
            self._sample(tick=False)

    def _plan_to_ask(self) -> None:
        self._ask_s = self._due_s - min(_AHEAD_S, _AHEAD * self._interval_s)

    def _wait(self) -> bool:
        """Until the wire, a caller or the clock says something; whether a probe's state changed by it."""
        moment = min(self._due_s, self._early_s, self._ask_s) if self.command_status is None else float("inf")
        left = max(0.0, moment - time.monotonic())
        ready = {fd for fd, _ in self._poll.poll(left * 1000 if left < float("inf") else None)}
        if self._waking.fileno() in ready:
            self._waking.woken()
        news = self._probing.drain(_QUARTER) if self._probing.rings.fileno() in ready else False
        return (self._hear_all() if self._line.fileno() in ready else False) or news

    def _hear_all(self) -> bool:
        """Take every message that is there."""
        changed = False
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        while not self.ended and poll.poll(0):
            changed |= self._hear()
        return changed

    def _hear(self) -> bool:
        try:
            received = wire.receive(self._line)
        except ValueError as error:
            self._probing.say(f"the warden sent nonsense: {error}")
            return False
        if received is None:
            self._end()
            return True
        message, descriptors = received
        if isinstance(message, wire.Saved):
            self._saves.take(message)
            return False
        if isinstance(message, wire.Answer):
            self._asked.take(message, descriptors)
            return False
        if isinstance(message, wire.Aimed):
            self._aimed(message)
            return True
        if isinstance(message, wire.Ended):
            self._command_ended(message.status)
            return False
        went_live = self._probing.take(message, descriptors)
        if went_live:
            self._early_s = time.monotonic() + FIRST_DATA_S
        return went_live or isinstance(message, wire.Progress)

    def _aimed(self, message: wire.Aimed) -> None:
        if message.said:
            self._probing.say(f"target: {clean(message.said)}")
        comm, user, unit = clean(message.comm), clean(message.user), clean(message.unit)
        self._target = Target(message.pids, comm, user, unit, message.children)

    def _command_ended(self, status: int) -> None:
        """Read everything a last time, and hold that: nothing is counted any more."""
        self.command_status, self.baseline = status, self._before_command
        self._probing.say(f"the command {units.ending(status)}; nothing is counted any more")
        self._sample(tick=False)
        self._probing.close()
        self._send(wire.Want((), ()))
        self._send(wire.Aim())
        self.held = True

    def _let_command_go(self, sample: Sample) -> None:
        """Once every probe has been read, or has failed: what they show of before is what `sample` says."""
        if self._has_command and all(probe.state not in _ON_THE_WAY for probe in sample.probes.values()):
            self._has_command, self._before_command = False, sample
            self._send(wire.Go())

    def _send(self, message: wire.Message) -> None:
        """Send to the warden; that it is gone is heard, not thrown."""
        try:
            wire.send(self._line, message)
        except OSError:
            self._end()

    def _end(self) -> None:
        if not self.ended:
            self.ended = True
            self._probing.close()
            self._probing.say("the privileged process is gone; everything is detached")

    def _sample(self, tick: bool) -> None:
        probes = self._probing.read(tick)
        monotonic_ns, wall_ns = time.monotonic_ns(), time.time_ns()
        if self._publish is None:
            return
        processes = self._probing.around.processes()
        sample = Sample(
            monotonic_ns,
            wall_ns,
            self._interval_s,
            self._host.read(self._probing.bcc, self._probing.scripts.helpers()) if self._host else HostSample(),
            probes,
            processes,
            labels=self._probing.around.labels(),
            messages=self._probing.messages(),
            tick=tick,
            details=self._probing.around.details(processes),
            target=self._target,
            declared=registry.own(probes),
        )
        self._publish(sample)
        self._let_command_go(sample)
        self._probing.after_sample(tick, self._interval_s)

    def _finish(self) -> None:
        """Close everything that is open, once."""
        self._probing.close()
        self._probing.rings.close()
        self._asked.end()
        self._saves.end()
        self._waking.close()
        self._line.close()
