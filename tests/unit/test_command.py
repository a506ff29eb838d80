"""A program that waits at a gate, runs undisturbed, and is told of in the end; needs neither root nor BPF."""

from __future__ import annotations

import os
import selectors
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ebtop.warden import command
from ebtop.warden.command import Command
from ebtop.warden.identity import Identity

ROOT = Identity(0, 0, "nobody", "/", root_writes=True)


@contextmanager
def begun(*words: str, identity: Identity = ROOT) -> Iterator[Command]:
    """A program at the gate, which is gone in the end."""
    running = Command(words, identity, hidden=True)
    yield running
    if not running._ended:
        running.child.kill()
        running.child.wait()


def python(text: str, *words: str) -> tuple[str, ...]:
    """The words that run `text`."""
    return (sys.executable, "-S", "-c", text, *words)


def ended(running: Command) -> int:
    """Serve it until it has ended; its status."""
    statuses: list[int] = []
    with selectors.DefaultSelector() as selector:
        running.watch(selector, statuses.append)
        while not statuses:
            for key, _ in selector.select(20):
                key.data()
    return statuses[0]


def test_it_begins_when_it_is_let_go_and_not_before() -> None:
    """A program that is at the gate is still this one; its status and all it writes are told."""
    with begun(*python("import os; os.write(1, b'out\\n'); os.write(2, b'err\\n'); raise SystemExit(3)")) as running:
        assert b"-S" not in Path(f"/proc/{running.child.pid}/cmdline").read_bytes().split(b"\0")
        running.let_go()
        running.let_go()
        assert ended(running) == 3
        assert running.written() == "out\nerr\n"


def test_it_has_no_terminal_and_nothing_to_read() -> None:
    """A session of its own; standard input is at its end; signals are as a shell gives them."""
    text = """
import os, signal, sys
blocked = [line for line in open('/proc/self/status') if line.startswith('SigIgn')][0].split()[1]
print(os.getsid(0) == os.getpid(), sys.stdin.read() == '', int(blocked, 16) >> signal.SIGXFSZ - 1 & 1)
"""
    with begun("/usr/bin/env", *python(text)) as running:
        running.let_go()
        assert ended(running) == 0
        assert running.written().startswith("True True ")


def test_of_much_output_the_last_is_kept() -> None:
    """And how much there was before."""
    with begun(*python("import os\nfor n in range(20_011): os.write(1, b'%9d\\n' % n)")) as running:
        running.let_go()
        assert ended(running) == 0
        lines = running.written().splitlines()
    assert lines[0] == f"[{200_110 - command.KEPT:,} bytes before]"
    assert lines[-1].strip() == "20010"


def test_what_a_terminal_would_obey_is_made_harmless() -> None:
    """Escape sequences come out as substitutes."""
    with begun(*python("import os; os.write(1, b'\\x1b[31mred\\t.\\n')")) as running:
        running.let_go()
        ended(running)
        assert "\x1b" not in running.written()
        assert "red" in running.written()


def test_ebtop_that_ends_sends_it_sigterm() -> None:
    """It and what it started, all in its process group; once it has ended nobody is sent anything."""
    text = "import os, signal\nif os.fork(): os.write(1, b'x')\nsignal.pause()"
    with begun(*python(text)) as running:
        running.let_go()
        while not running._kept:
            running._read()
        running.stop()
        assert ended(running) == -signal.SIGTERM
        running.stop()


def test_one_that_is_never_let_go_never_runs(tmp_path: Path) -> None:
    """The gate is closed for good when who would open it is gone."""
    with begun(*python("import sys; open(sys.argv[1], 'w')", str(tmp_path / "ran"))) as running:
        os.close(running._gate)
        running._gate = -1
        assert ended(running) == 0
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_started_has_the_status_that_shells_give(tmp_path: Path) -> None:
    """127 for what is not there, 126 for what is no program; one line says so."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    for path, status in ((tmp_path / "nosuch", 127), (broken, 126)):
        with begun(str(path)) as running:
            running.let_go()
            assert ended(running) == status
            assert running.written().startswith(f"ebtop: {path}: ")


def test_a_program_is_found_as_a_shell_finds_it(tmp_path: Path) -> None:
    """In the folders of PATH in their order, if it can be run; a path stays what it is."""
    for folder, mode in (("one", 0o644), ("two", 0o755), ("three", 0o755)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tool").touch(mode)
    folders = os.pathsep.join(str(tmp_path / folder) for folder in ("one", "two", "three"))
    assert command.found("tool", folders) == str(tmp_path / "two" / "tool")
    assert command.found("nosuch", folders) == ""
    assert command.found(str(tmp_path / "one" / "tool"), folders) == ""


@pytest.mark.skipif(os.getuid() != 0, reason="becoming someone else takes root")
def test_it_is_the_user_behind_sudo() -> None:
    """User, group and home are theirs; it may still run what gives privileges (no_new_privs is off)."""
    text = """
import os
status = dict(line.split(':', 1) for line in open('/proc/self/status'))
print(os.getresuid(), os.getresgid(), os.environ['HOME'], status['NoNewPrivs'].strip(), int(status['CapEff'], 16))
"""
    theirs = Identity(4242, 4343, "4242", "/srv")
    with begun("/usr/bin/python3", "-S", "-c", text, identity=theirs) as running:
        running.let_go()
        assert ended(running) == 0
        assert running.written() == "(4242, 4242, 4242) (4343, 4343, 4343) /srv 0 0\n"
