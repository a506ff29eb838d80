"""ebtop in a terminal, ended in every way: nothing stays attached, the terminal is as before, the status is right."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ebtop.kernel import stats
from tests.kernel.live_session import Ids, ids
from tests.kernel.terminal_session import TerminalSession, wait_until

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

PROBES = "syscalls,opens,runqlat"
ORDERLY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
LEAVE = b"\x1b[?1049l"


@pytest.fixture
def before() -> Iterator[Ids]:
    """What there was; in the end, nothing else is there, and nobody holds the statistics."""
    there = ids()
    yield there
    wait_until(lambda: not ids() - there)
    wait_until(statistics_are_off)


def statistics_are_off() -> bool:
    """Whether the kernel counts no runs now."""
    try:
        stats.measure_clock()
    except OSError as error:
        return "statistics are off" in str(error)
    return False


def dashboard(*words: str, probes: str = PROBES, deaf: bool = False, **settings: str) -> TerminalSession:
    """ebtop in a terminal of its own."""
    words = ("-m", "ebtop", "--probes", probes, "--interval", "0.5", *words)
    return TerminalSession(words, environment=settings, deaf=deaf)


def wait_live(session: TerminalSession, before: Ids) -> int:
    """Until the drawing process holds a link to each probe's programs; its pid."""
    screen = session.screen()
    wait_until(lambda: len([one for one in ids() - before if one[0] == "link"]) >= 12)
    wait_until(lambda: holds(screen, "bpf-map"))
    return screen


def holds(pid: int, what: str) -> bool:
    """Whether a process holds such a descriptor."""
    try:
        return any(what in os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return False


def compiling(session: TerminalSession) -> list[int]:
    """The loaders that have BCC in memory now."""

    def has_bcc(pid: int) -> bool:
        try:
            return "libbcc" in Path(f"/proc/{pid}/maps").read_text()
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            return False

    return [pid for pid in session.children() if has_bcc(pid)]


def is_as_before(session: TerminalSession) -> bool:
    """Modes as they were; the alternate screen left last."""
    output = bytes(session.output)
    return session.modes() == session.modes_before and output.rfind(LEAVE) > output.rfind(b"\x1b[?1049h")


def left_standing(session: TerminalSession) -> bytes:
    """What can be seen of all that was written from when the alternate screen was cleared, to be left, to the end."""
    drawn, cleared, rest = bytes(session.output).rpartition(b"\x1b[2J")
    assert drawn and cleared and LEAVE in rest
    return re.sub(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]", b"", rest)


def test_quitting_leaves_nothing(before: Ids) -> None:
    """q: status 0."""
    with dashboard() as session:
        wait_live(session, before)
        session.send(b"q")
        assert session.status() == 0
        assert is_as_before(session)
        assert left_standing(session) == b""


@pytest.mark.parametrize("number", ORDERLY, ids=lambda number: number.name)
@pytest.mark.parametrize("to_screen", [False, True], ids=["warden", "screen"])
def test_a_signal_ends_it_in_order(before: Ids, number: signal.Signals, to_screen: bool) -> None:
    """To either process: status 128 + n."""
    with dashboard() as session:
        screen = wait_live(session, before)
        os.kill(screen if to_screen else session.pid, number)
        assert session.status() == 128 + number
        assert is_as_before(session)


def test_the_privileged_process_killed(before: Ids) -> None:
    """kill -9 of the warden: the drawing process notices, restores the terminal and goes."""
    with dashboard() as session:
        screen = os.pidfd_open(wait_live(session, before))
        os.kill(session.pid, signal.SIGKILL)
        assert session.status() == -signal.SIGKILL
        session.wait_end(screen)
        os.close(screen)
        assert is_as_before(session)


def test_the_drawing_process_killed(before: Ids) -> None:
    """kill -9 of the screen: the warden restores the terminal, says what happened, status 137."""
    with dashboard() as session:
        os.kill(wait_live(session, before), signal.SIGKILL)
        assert session.status() == 128 + signal.SIGKILL
        session.wait_for(b"the drawing process was killed by SIGKILL")
        assert is_as_before(session)


def test_a_loader_killed_in_mid_compile(before: Ids) -> None:
    """Each of its probes gets another loader, and all go live."""
    with dashboard() as session:
        session.screen()
        loaders: list[int] = []

        def are_seen() -> bool:
            loaders[:] = compiling(session)
            return bool(loaders)

        wait_until(are_seen)
        os.kill(loaders[0], signal.SIGKILL)
        wait_live(session, before)
        session.send(b"q")
        assert session.status() == 0


@pytest.mark.parametrize("deaf", [False, True])
def test_a_closed_terminal_ends_it(before: Ids, deaf: bool) -> None:
    """The window is gone; so are both processes, also where nobody was sent a SIGHUP."""
    with dashboard(deaf=deaf) as session:
        screen = os.pidfd_open(wait_live(session, before))
        session.close_terminal()
        session.wait_end()
        session.wait_end(screen)
        os.close(screen)


def test_two_hundred_resizes(before: Ids) -> None:
    """From 1x1 to 300x90 and back, in any order: it still draws, and quits."""
    dice = random.Random(4099)
    with dashboard() as session:
        wait_live(session, before)
        for _ in range(200):
            session.resize(dice.randint(1, 300), dice.randint(1, 90))
            threading.Event().wait(0.005)
        start = len(session.output)
        session.resize(120, 40)
        session.wait_for(b"\x1b[40;", start)
        start = session.send(b"?")
        session.wait_for(b"log2 buckets", start)
        start = session.send(b"q")
        session.wait_for(b"Opens", start)
        session.send(b"q")
        assert session.status() == 0
        assert is_as_before(session)


def test_fifty_toggles_in_a_row(before: Ids) -> None:
    """Faster than anything can be loaded: what is wanted in the end is what runs."""
    with dashboard(probes="syscalls,opens") as session:
        screen = session.screen()
        session.wait_for(b"Opens")
        for turn in range(50):
            session.send(b"18"[turn % 2 :][:1])
        session.send(b"8")
        session.send(b"8")
        wait_until(lambda: holds(screen, "bpf-map"))
        session.send(b"q")
        assert session.status() == 0
        assert is_as_before(session)


def test_switching_off_detaches_and_on_again_starts_anew(before: Ids) -> None:
    """The programs of the probe are gone at once; the new ones have new ids, and the screen says so."""
    with dashboard(probes="runqlat") as session:
        screen = session.screen()
        wait_until(lambda: holds(screen, "bpf-map"))
        first = ids() - before
        session.send(b"8")
        wait_until(lambda: [kind for kind, _ in ids() - before] == ["map"])
        shared = ids() - before  # who is counted: the session's, whatever runs
        start = session.send(b"8")
        wait_until(lambda: holds(screen, "bpf-map"))
        assert not ids() & (first - shared)
        session.wait_for(b"counting from zero", start)
        session.send(b"q")
        assert session.status() == 0


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system without a free block."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=1777", "tmpfs", tmp_path], check=True)
    (tmp_path / "filler").write_bytes(bytes(4096))
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk_is_said_and_nothing_else_is_lost(before: Ids, full_disk: Path) -> None:
    """S where nothing can be written: one line, no file, and the dashboard goes on."""
    words = ["-m", "ebtop", "--probes", PROBES]
    with TerminalSession(words, folder=full_disk) as session:
        wait_live(session, before)
        session.wait_for(b"without a start")
        start = session.send(b"S")
        session.wait_for(b"No space left on device", start)
        assert os.listdir(full_disk) == ["filler"]
        session.send(b"q")
        assert session.status() == 0


def test_the_drawing_process_has_no_privilege_and_no_compiler(before: Ids) -> None:
    """As /proc tells it: nobody, no capability, none to be had; neither process has mapped LLVM or BCC."""
    with dashboard() as session:
        screen = wait_live(session, before)
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{screen}/status").read_text().splitlines())
        maps: Callable[[int], str] = lambda pid: Path(f"/proc/{pid}/maps").read_text()  # noqa: E731
        assert all(uid != "0" for uid in status["Uid"].split())
        kept = {"0000000000000000", "0000008000000000"} if os.uname().release < "5.19" else {"0000000000000000"}
        assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} <= kept
        assert status["NoNewPrivs"] == "1"
        for process in (screen, session.pid):
            assert "LLVM" not in maps(process)
            assert "libbcc" not in maps(process)
        session.send(b"q")
        assert session.status() == 0
