"""bpftool is run from folders that only root may change, what it says is bounded, and where it lacks that is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ebtop.kernel import preflight
from ebtop.warden import bpftool
from tests import own

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root's folders are trusted")


@pytest.fixture
def folder() -> Iterator[Path]:
    """One on whose way nobody but root can change anything."""
    with own.place() as place:
        yield place


def tool(folder: Path, script: str) -> tuple[str, ...]:
    """A program of that name in `folder`, which only root may change."""
    (folder / "bpftool").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bpftool").chmod(0o755)
    folder.chmod(0o755)
    return (str(folder),)


def test_its_lines_are_those_of_the_program_asked_for(folder: Path) -> None:
    """It is told to mount nothing; nothing of our environment reaches it."""
    folders = tool(folder, 'echo "$@"; echo "$HOME-"; echo "0: (95) exit"')
    assert bpftool.instructions(31, folders) == (("--nomount prog dump xlated id 31", "-", "0: (95) exit"), "")


def test_what_goes_on_without_end_is_cut_off_and_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By bytes, by lines."""
    folders = tool(folder, "while true; do echo 1234567; done")
    monkeypatch.setattr(bpftool, "MOST_BYTES", 8_000)
    lines, note = bpftool.instructions(1, folders)
    assert (len(lines), note) == (1_000, "the first 1000 lines; there are more")
    monkeypatch.setattr(bpftool, "MOST_LINES", 10)
    assert bpftool.instructions(1, folders) == (("1234567",) * 10, "the first 10 lines; there are more")


def test_what_it_complains_of_is_said_in_one_line(folder: Path) -> None:
    """And nothing it printed before is taken for instructions."""
    folders = tool(folder, "echo something; printf 'Error: no such\\nprogram\\n' >&2; exit 255")
    assert bpftool.instructions(1, folders) == ((), "bpftool shows no instructions: no such program")


@pytest.mark.parametrize("what", ["folder", "file", "way"])
def test_one_that_others_may_change_is_not_run(folder: Path, what: str) -> None:
    """Neither in a folder of everybody's, or below one, nor a file of everybody's: it counts as not installed."""
    folders = tool(folder, "echo run")
    if what == "way":
        inner = folder / "inner"
        inner.mkdir()
        (folder / "bpftool").rename(inner / "bpftool")
        folders = (str(inner),)
    (folder / "bpftool" if what == "file" else folder).chmod(0o777)
    lines, note = bpftool.instructions(1, folders)
    assert not lines and note.startswith("instructions take bpftool, which is not installed: ")


@pytest.mark.parametrize(
    ("release", "command"),
    [("ID=debian", "apt install bpftool"), ("ID=rocky\nID_LIKE=rhel", "dnf install bpftool"), ("ID=odd", "package of")],
)
def test_each_distribution_has_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: str, command: str
) -> None:
    """As os-release(5) names it."""
    (tmp_path / "os-release").write_text(release)
    monkeypatch.setattr(preflight, "_OS_RELEASE", (tmp_path / "os-release",))
    assert command in preflight.bpftool_command()
