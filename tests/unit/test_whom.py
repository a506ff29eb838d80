"""Whose events are counted, as the command line says it; programs behind --; and the one line to what cannot be."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable

import pytest

from ebtop import arguments, cli, wire
from tests.unit.test_cli import refused

Capture = pytest.CaptureFixture[str]


def test_without_a_word_everybody_is_counted() -> None:
    """No target, no program."""
    said = arguments.parse([])
    assert not said.aim
    assert said.program == ()


def test_what_is_said_of_processes_is_one_target() -> None:
    """Also before the command, and pids several at a time, each once."""
    me, parent = os.getpid(), os.getppid()
    words = ["--comm", "postgres", "--user", "root", "snapshot", "-o", "x", "--container", "web"]
    assert arguments.parse(words).aim == wire.Aim((), "postgres", "root", "web", children=False)
    assert arguments.parse(["-p", f"{me},{parent},{me}"]).aim == wire.Aim((me, parent))
    assert arguments.parse(["record", "x", "--pid", str(me)]).aim == wire.Aim((me,))


def test_children_count_with_pids_unless_told_otherwise() -> None:
    """A name, user or unit says by itself who counts."""
    children: Callable[..., bool] = lambda *words: arguments.parse(words).aim.children  # noqa: E731
    me = str(os.getpid())
    assert children("-p", me) and not children("--user", "root")
    assert not children("-p", me, "--no-children") and children("--user", "root", "--children")
    assert children("-p", me, "--user", "root")


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["-p", "4194303999"], "pgrep"),
        (["-p", "one"], "-p 4121,911"),
        (["-p", ","], "-p 4121,911"),
        (["--user", "no-such-user"], "getent passwd"),
        (["--comm", " "], "missing"),
        (["--demo", "--comm", "x"], "--demo"),
        (["--replay", "x", "--", "true"], "--replay"),
        (["--user", "root", "--", "true"], "leave out"),
        (["--"], "no program"),
        (["doctor", "--", "true"], "doctor"),
    ],
)
def test_what_cannot_be_counted_is_told_in_one_line_with_a_remedy(
    words: list[str], remedy: str, capsys: Capture
) -> None:
    """Status 2."""
    assert remedy in refused(capsys, *words)


def test_a_thread_is_told_to_be_one(capsys: Capture) -> None:
    """With the process to say instead."""
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    assert f"-p {os.getpid()}" in refused(capsys, "-p", str(thread.native_id))
    ends.set()
    thread.join()


def test_what_stands_behind_two_hyphens_is_the_programs_alone() -> None:
    """Its options are its own, and so is a second --."""
    said = arguments.parse(["--interval", "2s", "--", "grep", "-p", "1", "--", "x"])
    assert (said.settings["interval"], said.program, said.command) == (2.0, ("grep", "-p", "1", "--", "x"), "")


def test_a_program_decides_how_long_is_looked_unless_a_time_is_said() -> None:
    """Then that is the most."""
    assert arguments.parse(["snapshot", "-o", "x", "--", "true"]).seconds == math.inf
    assert arguments.parse(["record", "x", "--", "true"]).seconds == math.inf
    assert arguments.parse(["record", "x", "--for", "3s", "--", "true"]).seconds == 3


def test_a_probe_that_is_not_listed_cannot_be_chosen(capsys: Capture) -> None:
    """The one that follows new processes is ebtop's own."""
    assert cli.main(["--no-config", "--probes", "follow"]) == 2
    assert "no probe 'follow'" in capsys.readouterr().err
