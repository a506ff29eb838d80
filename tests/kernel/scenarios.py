"""Wardens between stand-ins for screen and loader: `python -m tests.kernel.scenarios NAME` prints JSON."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ebtop import wire
from ebtop.export.files import write_private
from ebtop.kernel import bpf, chained, programs
from ebtop.kernel.cpus import banks
from ebtop.shared import Shared
from ebtop.warden import asking, loading, loop
from ebtop.warden.answering import Answering
from ebtop.warden.launch import Plan, run
from tests.kernel import hostile_screens
from tests.kernel.screens import answers, tell

PR_SET_NAME = 15
"""Of include/uapi/linux/prctl.h."""
_FLAGS = wire.MapInfo("ebtop_flags", bpf.ARRAY, 4, 64, 0, bpf.MMAPABLE, (), ())


def load(channel: socket.socket, serials: Mapping[str, int], flags: int, unshared: frozenset[str]) -> int:
    """A loader without a compiler: the probe's name says how it fares. Its targets are all that this loader is for."""
    if "segv" in serials:
        sys.stderr.write("in mid-compile\n")
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hang" in serials:
        signal.pause()
    if "exit" in serials:
        os._exit(3)
    for probe, serial in serials.items():
        if probe == "bad":
            wire.send(channel, wire.Progress(probe, serial, "failed", error="refused", log="verifier says no"))
            continue
        if probe in ("sharing", "unshared") and probe not in unshared:
            _load_sharing(channel, probe, serial, flags)
            continue
        own = sorted(marked(flags))
        wire.send(
            channel,
            wire.Live(probe, serial, "raw_tracepoint", tuple(serials), (_FLAGS,), (), 0, bcc=f"{own}"),
            (flags,),
        )
    return 0


def _load_sharing(channel: socket.socket, probe: str, serial: int, flags: int) -> None:
    """A probe with one program, which does nothing, on a place that hardly anybody passes, or that there is not."""
    place = "task_rename" if probe == "sharing" else "no_such_place"
    following, costs = chained.new_next(), chained.new_costs(banks())
    code = chained.member(chained.NOTHING, following, costs, banks())
    live = wire.Live(probe, serial, "raw_tracepoint", (), (_FLAGS,), ("test",), 0, bcc="late", shares=(place,))
    wire.send(channel, live, (flags, programs.load("raw_tracepoint", "test", code), costs, following))


def _failures(*probes: str) -> Callable[[socket.socket, int], int]:
    def screen(line: socket.socket, warden: int) -> int:
        wire.send(line, wire.Want(probes, tuple(range(100, 100 + len(probes)))))
        return tell(
            [
                {key: answer.get(key) for key in ("kind", "probe", "serial", "error", "log", "targets")}
                for answer in answers(line, len(probes))
            ]
        )

    return screen


def privileges(line: socket.socket, warden: int) -> int:
    """What the screen finds of itself."""
    with open("/proc/self/status", encoding="ascii") as file:
        status = dict(row.split(":", 1) for row in file.read().splitlines())
    return tell(
        {**{name: value.strip() for name, value in status.items()}, "HOME": os.environ["HOME"], "warden": warden}
    )


def own(line: socket.socket, warden: int) -> int:
    """Pids that are ebtop's own for each of two loaders, and after."""
    wire.send(line, wire.Want(("first",), (1,)))
    first = answers(line, 1)[0]
    wire.send(line, wire.Want(("first", "second"), (1, 1)))
    second = answers(line, 1)[0]
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and marked(first["fds"][0]) != {warden, os.getpid()}:
        time.sleep(0.005)
    return tell(
        {
            "given": [first["bcc"], second["bcc"]],
            "left": sorted(marked(first["fds"][0])),
            "screen": os.getpid(),
            "warden": warden,
        }
    )


def marked(descriptor: int) -> set[int]:
    """The pids whose byte in the shared map is not zero."""
    entries = int(Path("/proc/sys/kernel/pid_max").read_text()) // 64
    values = ((entry, bpf.lookup(descriptor, entry.to_bytes(4, "little"), 64)) for entry in range(entries))
    return {entry * 64 + place for entry, value in values if value for place in range(64) if value[place]}


def toggled(line: socket.socket, warden: int) -> int:
    """A probe switched off and on: the second start has its own serial and its own map."""
    wire.send(line, wire.Want(("a",), (1,)))
    first = answers(line, 1)[0]
    wire.send(line, wire.Want((), ()))
    wire.send(line, wire.Want(("a",), (2,)))
    second = answers(line, 1)[0]
    return tell([first["serial"], second["serial"]])


def sharing(line: socket.socket, warden: int) -> int:
    """How often a program that was live before anybody wanted it runs for 1,009 events, then once it is not wanted."""
    _wait_for_loader(warden)
    wire.send(line, wire.Want(("sharing",), (7,)))
    message: object = None
    descriptors: tuple[int, ...] = ()
    while not isinstance(message, wire.Live):
        received = wire.receive(line)
        assert received is not None
        message, descriptors = received
    shared = Shared(message, descriptors)
    shared.measure(True)
    begun, wanted = _renamed(shared), _renamed(shared)
    wire.send(line, wire.Want((), ()))
    wire.send(line, wire.AskContainers(()))
    answers(line, 1)
    before = _renamed(shared)
    return tell({"wanted": wanted - begun, "after": _renamed(shared) - before, "places": shared.places})


def unshared(line: socket.socket, warden: int) -> int:
    """What is heard of a probe whose place takes nobody, at its first start and at its second."""
    told: list[list[str]] = []
    for serial in (1, 2):
        wire.send(line, wire.Want(("unshared",), (serial,)))
        told.append([])
        while "live" not in told[-1]:
            received = wire.receive(line)
            assert received is not None
            message, descriptors = received
            assert isinstance(message, wire.Progress) or (isinstance(message, wire.Live) and not message.shares)
            told[-1].append(message.state if isinstance(message, wire.Progress) else "live")
            wire.close(descriptors)
    return tell(told)


def _wait_for_loader(warden: int) -> None:
    """Until the loader has come and gone, and all that it said is heard; a second where it was gone at first sight."""
    begun, seen = time.monotonic(), False
    while True:
        with open(f"/proc/{warden}/task/{warden}/children", encoding="ascii") as file:
            there = len(file.read().split()) > 1
        if not there and (seen or time.monotonic() > begun + 1):
            return
        seen |= there
        time.sleep(0.001)


def _renamed(shared: Shared) -> int:
    """The runs of its program after 1,009 more events."""
    libc = ctypes.CDLL(None)
    for _ in range(1009):
        libc.prctl(PR_SET_NAME, b"screen")
    runs = shared.runs(0)
    assert runs is not None
    return runs.count


def census(line: socket.socket, warden: int) -> int:
    """The programs and maps of the host, statistics held."""
    wire.send(line, wire.Want(("bpf", "a"), (1, 1)))
    live = answers(line, 2)
    wire.send(line, wire.AskObjects())
    objects = answers(line, 1)[0]
    records = os.pread(objects["fds"][0], 10_000_000, 0)
    return tell(
        {
            "live": sorted(answer["probe"] for answer in live),
            "objects": objects,
            "records": records.hex(),
            "screen": os.getpid(),
        }
    )


def save(line: socket.socket, warden: int) -> int:
    """A file by way of the warden, then one of another kind."""
    saved = []
    for path in sys.argv[2:]:
        descriptor = os.memfd_create("snapshot")
        os.write(descriptor, b"content")
        wire.send(line, wire.Save(path), (descriptor,))
        saved += answers(line, 1)
    return tell(saved)


def ask(line: socket.socket, warden: int) -> int:
    """The answers to patterns, of digits: to programs' ids, and last to which ways would work: by serial."""
    questions: list[wire.Message] = [
        wire.AskProgram(serial, int(text)) if text.isdigit() else wire.AskHooks(serial, text, True)
        for serial, text in enumerate(sys.argv[2:])
    ]
    told = {}
    for question in [*questions, wire.AskWays(len(questions))]:
        wire.send(line, question)
        (answer,) = answers(line, 1)
        content = os.pread(answer["fds"][0], 20_000_000, 0).decode() if answer["fds"] else "null"
        told[answer["serial"]] = {"error": answer["error"], "content": json.loads(content)}
    return tell([told[serial] for serial in sorted(told)])


def ask_too_much(line: socket.socket, warden: int) -> int:
    """Five questions at once, none of which ends by itself; what is said to each, and who is left."""
    for serial in range(5):
        wire.send(line, wire.AskWays(serial))
    said = {answer["serial"]: answer["error"] for answer in answers(line, 5)}
    with open(f"/proc/{warden}/task/{warden}/children", encoding="ascii") as file:
        left = [int(pid) for pid in file.read().split() if int(pid) != os.getpid()]
    return tell({"said": [said[serial] for serial in range(5)], "left": left})


def _for_ever(_: Answering, question: object) -> bytes:
    signal.pause()
    return b""


SCENARIOS: dict[str, tuple[Callable[[socket.socket, int], int], tuple[str, ...]]] = {
    "segv": (_failures("fine", "segv", "good"), ()),
    "hang": (_failures("hang", "good"), ()),
    "crowd": (
        _failures(*(f"p{number}" for number in range(20)), "segv", *(f"p{number}" for number in range(20, 44))),
        (),
    ),
    "exit": (
        _failures(
            "exit",
        ),
        (),
    ),
    "bad": (_failures("good", "bad", "fine"), ()),
    "anticipated": (_failures("good", "fine"), ("good", "fine")),
    "anticipated_and_unwanted": (_failures("good"), ("good", "fine", "segv")),
    "privileges": (privileges, ()),
    "own": (own, ()),
    "toggled": (toggled, ()),
    "sharing": (sharing, ("sharing",)),
    "unshared": (unshared, ()),
    "census": (census, ()),
    "save": (save, ()),
    "save_what_is_no_file": (hostile_screens.save_what_is_no_file, ()),
    "nonsense": (hostile_screens.nonsense, ()),
    "deaf": (hostile_screens.deaf, ()),
    "ask": (ask, ()),
    "ask_too_much": (ask_too_much, ()),
}


if __name__ == "__main__":
    if sys.argv[1] == "hang":
        loading.LIMIT_S = 1.0
    if sys.argv[1] == "deaf":
        loop.PATIENCE_S = 0.3
    if sys.argv[1] == "ask_too_much":
        asking.LIMIT_S = 0.6
        Answering.content = _for_ever  # type: ignore[assignment,method-assign]  # this process is the test's own
    chosen, wanted = SCENARIOS[sys.argv[1]]
    sys.exit(run(Plan(chosen, load, write_private, dict.fromkeys(wanted, 0))))
