"""Hooks of the running kernel and of real programs: what ebtop lists is what bpftrace lists."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ebtop import registry
from tests.kernel.test_warden import seen

pytestmark = pytest.mark.kernel
_REPOSITORY = Path(__file__).parents[2]
_TRACEFS = 'mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec bpftrace "$@"'


def ours(*words: str) -> list[str]:
    """Lines of `ebtop hooks`."""
    command = [sys.executable, "-m", "ebtop", "hooks", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUDO_")}
    done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.splitlines()


def bpftrace(*words: str) -> list[str]:
    """Lines of bpftrace, in a mount namespace that has tracefs."""
    if shutil.which("bpftrace") is None:
        pytest.skip("bpftrace is not installed")
    command = ["unshare", "--mount", "sh", "-c", _TRACEFS, "sh", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    "pattern", ["tracepoint:*", "t:sched*", "tracepoint:*:sched_s*", "uprobe:/bin/bash:*", "u:libc:*"]
)
def test_the_same_hooks_are_listed(pattern: str) -> None:
    """As sets, spelled the same."""
    listed = ours(pattern)
    assert set(listed) == set(bpftrace("-l", pattern))
    assert len(listed) > 1 and listed == sorted(set(listed))


def test_tracepoints_have_the_same_arguments() -> None:
    """All of them, line by line."""
    assert sorted(ours("-v", "tracepoint:syscalls:*")) == sorted(bpftrace("-lv", "tracepoint:syscalls:*"))


def test_raw_tracepoints_have_a_list_and_arguments() -> None:
    """By the kernel's type information; the first that it hands over is left out."""
    assert ours("-v", "rawtracepoint:sched_switch")[:4] == [
        "rawtracepoint:sched_switch",
        "    _Bool preempt",
        "    struct task_struct * prev",
        "    struct task_struct * next",
    ]


def test_the_screen_is_answered(tmp_path: Path) -> None:
    """Tracepoints by root; files by the user that the screen is, who cannot read this one; which ways would work."""
    secret = tmp_path / "secret"
    shutil.copy("/bin/bash", secret)
    secret.chmod(0o600)
    kernel, library, forbidden, nonsense, ways = seen(
        "ask", "tracepoint:sched:sched_switch", "uprobe:libc:getenv", f"uprobe:{secret}:*", "no:sense"
    )
    assert kernel["content"]["names"] == ["tracepoint:sched:sched_switch"]
    assert "char prev_comm[16]" in kernel["content"]["arguments"][0]
    assert [name.rpartition(":")[2] for name in library["content"]["names"]] == ["getenv"]
    assert "Permission denied" in forbidden["content"]["error"]
    assert "no kind of hook" in nonsense["content"]["error"]
    assert set(ways["content"]) == set(registry.probes())
    assert any(not way["missing"] for way in ways["content"]["syscalls"])


def test_questions_that_take_too_long_are_given_up() -> None:
    """Three at a time; the oldest for newer ones, the others when their time is over; no child is left."""
    found = seen("ask_too_much")
    assert found["said"][:2] == ["it was given up for newer questions"] * 2
    assert found["said"][2:] == ["it was not answered within 0.6 s"] * 3
    assert found["left"] == []
