"""The real loader: what it opens, how it fails, and which way wins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ebtop import registry, wire
from ebtop.kernel import attaching, loader, programs, source
from tests.kernel.loaded import Loaded, ask

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]

SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/home", "/root")
"""Where others may write, and homes."""
CODE = (sys.prefix, sys.base_prefix, str(Path(source.__file__).parents[2]))
"""The interpreter and ebtop itself, wherever they are installed."""


def test_nothing_is_opened_where_others_may_write(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As ebtop's own probe sees it: no file of a shared temporary folder or a home, whatever TMPDIR and HOME say."""
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("BCC_KERNEL_SOURCE", raising=False)
    watching = load("opens")
    answers = ask({"syscalls": 1, "rw": 1, "tcpaccept": 1, "tcpconnect": 1})
    rows, paths = watching.rows("opens_files"), watching.texts("opens_paths")
    answers.let_go()
    assert len(answers.descriptors) == 4
    opened = [paths[path] for path in rows.keys["path"][rows.keys["pid"] == answers.pid].tolist()]
    assert any("libbcc" in path for path in opened)
    foreign = [path for path in opened if path.startswith(SHARED) and not path.startswith(CODE)]
    assert foreign == []


def test_a_probe_that_does_not_compile_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler's first error is the reason, all it said is the log; the status is that of an answer."""
    break_syscalls(monkeypatch)
    answers = ask({"syscalls": 1})
    last = answers.messages[-1]
    assert isinstance(last, wire.Progress)
    assert (last.state, answers.status) == ("failed", 0)
    assert "syscalls.c:" in last.error
    assert "oops" in last.log


def test_one_that_does_not_compile_among_others_is_left_to_a_loader_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler names it: the others are live from one more try, and the status asks for another one for it."""
    break_syscalls(monkeypatch)
    answers = ask({"rw": 1, "syscalls": 1, "exec": 1})
    answers.let_go()
    assert answers.status == loader.RETRY
    assert set(answers.descriptors) == {"rw", "exec"}


def test_what_is_nobodys_fault_leaves_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in what they share: none is answered, and the status asks for another try."""
    usual = source.options
    monkeypatch.setattr(source, "options", lambda machine: (*usual(machine), "-Debtop_totals=0"))
    answers = ask({"rw": 1, "syscalls": 1})
    assert answers.status == loader.RETRY
    assert not answers.descriptors


def break_syscalls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a number be none in the probe's C."""
    usual = source.options
    monkeypatch.setattr(source, "options", lambda machine: (*usual(machine), "-DSYSCALLS_ROWS=oops"))


def test_the_next_way_wins_where_the_first_is_missing(load: Callable[..., Loaded]) -> None:
    """It is named in the answer, with its places."""
    live = load("tcpconnect", way="tracepoint").live["tcpconnect"]
    assert live.hook == "tracepoint"
    assert live.targets == ("tracepoint:sock:inet_sock_set_state",)


def test_a_way_that_the_kernel_refuses_gives_way_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled and loaded, neither shared nor attached: the next is live, and the log says why the first is not."""
    usual = programs.attach

    def attach(kind: str, target: str, program: int) -> programs.Attachment:
        if kind == "raw_tracepoint":
            raise programs.Refused(f"{target} is taken", "the kernel's words")
        return usual(kind, target, program)

    monkeypatch.setattr(attaching, "_share", lambda *_: None)
    monkeypatch.setattr(programs, "attach", attach)
    answers = ask({"tcpconnect": 1})
    answers.let_go()
    live = answers.messages[-1]
    assert isinstance(live, wire.Live)
    assert (live.hook, live.targets) == ("tracepoint", ("tracepoint:sock:inet_sock_set_state",))
    assert "raw_tracepoint: inet_sock_set_state is taken" in live.log
    assert "the kernel's words" in live.log


def test_when_every_way_is_refused_all_reasons_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, way by way; nothing stays loaded."""

    def attach(kind: str, target: str, program: int) -> programs.Attachment:
        raise programs.Refused(f"no {kind} today")

    monkeypatch.setattr(attaching, "_share", lambda *_: None)
    monkeypatch.setattr(programs, "attach", attach)
    answers = ask({"tcpconnect": 1})
    last = answers.messages[-1]
    assert isinstance(last, wire.Progress)
    assert last.state == "failed"
    assert last.error == "raw_tracepoint: no raw_tracepoint today; tracepoint: no tracepoint today"
    assert not answers.descriptors


def test_the_same_place_may_be_watched_by_several_probes(load: Callable[..., Loaded]) -> None:
    """In one module: each has its own maps and programs."""
    loaded = load("syscalls", "rw", "opens", "exec", "tcpconnect", "tcpaccept", "runqlat")
    assert len(loaded.live) == 7
    assert loaded.status == 0


def test_counts_only_takes_the_way_without_times(kernel: None) -> None:
    """Where a probe has one; the others stay as they are."""
    names = {"syscalls": "raw_tracepoint, counts only", "runqlat": "raw_tracepoint"}
    found = {}
    for job in (attaching.Job(name, 1) for name in names):
        probe = registry.probe(job.probe)
        found[job.probe] = probe.preferred(True)[0][1].name
    assert found == names
    assert [number for number, _ in registry.probe("syscalls").preferred(False)] == [0, 1]
