"""Programs of bpftrace beside all that there was before: rates, recordings, command line, failures."""

from __future__ import annotations

import io
import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest

from ebtop import arguments, cli, registry, wire
from ebtop.bpftrace.declaring import named
from ebtop.derive import derive
from ebtop.fitting import fitting
from ebtop.frame import TableFrame
from ebtop.host import Host
from ebtop.recording import Writer, read
from ebtop.replay import Replay
from ebtop.sample import Cost, State
from ebtop.scripted import Scripted
from ebtop.settings import Settings
from ebtop.timeline import Timeline
from ebtop.warden.scripts import Scripts
from tests import samples
from tests.kernel.terminal_session import wait_until
from tests.samples import SECOND

OPENS = r'tracepoint:syscalls:sys_enter_openat { printf("%s %s\n", comm, str(args->filename)); }'
CALLS = "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"
READS = "tracepoint:syscalls:sys_exit_read /args->ret/ { @[comm] = sum(args->ret); }"


def test_rates_go_by_when_numbers_were_read_not_by_when_they_are_shown() -> None:
    """Read 1.5 s apart: so many per second; not read anew in between: not measured, instead of nothing."""
    name = named(CALLS)
    probe = registry.probe(name)
    given = [replace(samples.sample(second, ()), probes={}) for second in (0, 1, 2)]
    live = samples.live(probe, 0)
    counted = [
        replace(live.maps["@"], values=np.array([(count,)] * live.maps["@"].keys.size, [("count", "<u8")]))
        for count in (10, 40)
    ]
    start = given[0].monotonic_ns
    reads = [(start - SECOND // 2, counted[0]), (start - SECOND // 2, counted[0]), (start + SECOND, counted[1])]
    given = [
        replace(sample, probes={name: replace(live, read_ns=at, maps={"@": content})})
        for sample, (at, content) in zip(given, reads, strict=True)
    ]
    quiet, busy = (derive(now, before, {name: probe}).probes[name] for before, now in pairwise(given))
    for frame, expected in ((quiet, float("nan")), (busy, 30 / 1.5)):
        table = frame.views["@"]
        assert isinstance(table, TableFrame)
        assert table.columns["count_total"].max() == (40 if frame is busy else 10)
        np.testing.assert_equal(table.columns["count_per_second"], np.full(table.keys.size, expected))


def test_a_timeline_takes_a_probe_in_that_comes_later() -> None:
    """Its rates begin where it does; those of others go on."""
    name = named(CALLS)
    source = samples.Given(*samples.session(3, ["rw"]))
    timeline = Timeline(source, {"rw": registry.probe("rw")})
    timeline.start(lambda frame: None)
    timeline.know(registry.probe(name))
    timeline.know(registry.probe(name))
    for second in (3, 4, 5):
        given = samples.sample(second, ["rw"])
        source.push(replace(given, probes={**given.probes, name: samples.live(registry.probe(name), second)}))
    assert timeline.rates("rw").size == 6
    assert 1 <= timeline.rates(name).size <= 3
    assert name in timeline.at(5).probes and name not in timeline.at(2).probes


def test_a_recording_brings_its_programs_along() -> None:
    """Nothing but their names is in it, and that is enough: whoever plays it knows their views."""
    name = named(CALLS, "mine.bt")
    probe = registry.probe(name)
    file = io.BytesIO()
    writer = Writer(file)
    for second in (0, 1):
        writer.write(replace(samples.sample(second, ()), probes={name: samples.live(probe, second)}))
    file.seek(0)
    played = Replay(file)
    assert played.recorded == (name,)
    file.seek(0)
    (first, _) = read(file)
    assert fitting(name, first.probes[name]).state is State.LIVE
    played.close()


def test_a_bpftrace_that_is_not_there_is_one_failed_probe() -> None:
    """Said in its panel, with the remedy."""
    said: list[wire.OfProbe] = []
    with selectors.DefaultSelector() as selector:
        scripts = Scripts(None, selector, lambda message, _: said.append(message), "/nowhere/bpftrace")  # type: ignore[arg-type]  # nothing is begun
        scripts.start(named(CALLS), 1)
        scripts.close()
    (message,) = said
    assert isinstance(message, wire.Progress) and message.state == "failed"
    assert "no such program" in message.error or "sudo" in message.error


def test_what_a_program_prints_is_its_sample() -> None:
    """From compiling to live to ended, with its errors for a log; what could not be read is said once."""
    name = named(CALLS)
    (output, out), (errors, err) = os.pipe(), os.pipe()
    running = Scripted(registry.probe(name), (output, errors))
    try:
        assert running.sample(Cost()).state is State.COMPILING
        os.write(
            err, b"ERROR: couldn't set RLIMIT_MEMLOCK for bpftrace.\nWARNING: could not attach probe a:b, skipping.\n"
        )
        os.write(out, b'{"type": "attached_probes", "data": {"probes": 1}}\nnonsense\n')
        os.write(out, b'{"type": "map", "data": {"@": {"sh": 7}}}\n')
        os.close(out)
        os.close(err)
        running.exited(0)
        shown = running.sample(Cost())
        assert (shown.state, shown.hook, shown.totals.total) == (State.LIVE, "bpftrace, ended", 7)
        assert shown.log.splitlines() == ["WARNING: could not attach probe a:b, skipping.", "unread: nonsense"]
        assert "not attached: a:b" in shown.misses and "1 lines could not be read" in shown.misses
        assert len(running.said()) == 2 and not running.said()
    finally:
        running.close()
        running.close()


def test_what_ends_the_reading_is_raised_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that has ended tells nobody by itself."""

    def fail(*_: object) -> None:
        raise RecursionError("deep")

    (output, out), (errors, err) = os.pipe(), os.pipe()
    running = Scripted(registry.probe(named(CALLS)), (output, errors))
    monkeypatch.setattr(running._pipes._reader, "feed", fail)
    os.write(out, b"x\n")
    running._pipes._thread.join(5)
    running.asked()
    with pytest.raises(RecursionError):
        running.drain(0)
    with pytest.raises(RecursionError):
        running.sample(Cost())
    running.close()
    os.close(out)
    os.close(err)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(output)


def test_pipes_are_not_closed_under_the_thread_that_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer than anybody waits for it; its descriptors are closed when it has ended."""
    reading, go = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        reading.set()
        go.wait(10)

    (output, out), (errors, err) = os.pipe(), os.pipe()
    running = Scripted(registry.probe(named(CALLS)), (output, errors))
    monkeypatch.setattr(running._pipes._reader, "feed", slow)
    monkeypatch.setattr("ebtop.pipes._END_S", 0)
    os.write(out, b"x\n")
    reading.wait(10)
    running.close()
    os.fstat(output)
    go.set()
    running._pipes._thread.join(10)
    for descriptor in (output, errors, running._pipes.news, running._pipes._stop):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
    os.close(out)
    os.close(err)


def test_why_it_failed_is_its_first_error() -> None:
    """With the kernel's own lack, where that is why."""
    lacking = b"a.bt:1:1-9: WARNING: x is not traceable\nopen(/sys/kernel/tracing/kprobe_events): No such file\n"
    running = _ended(1, lacking + b"ERROR: Error attaching probe: 'kprobe:x'\n")
    assert running == "Error attaching probe: 'kprobe:x': this kernel was built without kprobes"
    assert (
        _ended(1, b"stdin:1:1-19: ERROR: tracepoint not found: a:b\n")
        == "stdin:1:1-19: ERROR: tracepoint not found: a:b"
    )
    assert _ended(-9, b"") == "bpftrace was killed by SIGKILL"


def _ended(status: int, errors: bytes) -> str:
    """The error of a program that ended so."""
    (output, out), (error, err) = os.pipe(), os.pipe()
    os.write(err, errors)
    os.close(out)
    os.close(err)
    running = Scripted(registry.probe(named(CALLS)), (output, error))
    running.exited(status)
    said = running.sample(Cost()).error
    running.close()
    return said


@pytest.fixture
def _only_built_in() -> Iterator[None]:
    yield
    registry.forget()


@pytest.mark.usefixtures("_only_built_in")
def test_programs_of_the_command_line_run_alone_or_beside_the_probes_that_are_named(tmp_path: Path) -> None:
    """Before and after the command, several times; each once."""
    file = tmp_path / "mine.bt"
    file.write_text(READS)
    words = ["--bt", CALLS, "--bt", str(file), "--bt", CALLS]
    said = arguments.parse(words)
    assert said.scripts == (CALLS, str(file), CALLS)
    assert arguments.parse(["snapshot", "-o", "a", *words]).scripts == said.scripts
    names = (named(CALLS), named(READS, "mine.bt"))
    assert cli._with_scripts(said, Settings()).probes == names
    assert tuple(registry.known(names))[-2:] == names
    beside = arguments.parse(["--probes", "rw", *words])
    assert cli._with_scripts(beside, Settings(probes=("rw",))).probes == ("rw", *names)


@pytest.mark.parametrize("words", [["--bt", "nowhere.bt"], ["--bt", ""], ["--bt", "BEGIN { \x1b }"]])
def test_a_program_that_is_none_ends_with_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, before anything is begun."""
    assert cli.main(["snapshot", "-o", "/dev/null", *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("ebtop: --bt: ") and said.count("\n") == 1 and "\x1b" not in said


@pytest.mark.usefixtures("kernel", "_only_built_in")
def test_a_bpftrace_that_is_not_to_be_trusted_ends_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, before anything is begun."""
    tmp_path.joinpath("bpftrace").touch(0o755)
    words = ["snapshot", "-o", str(tmp_path / "a.json"), "--bt", CALLS, "--bpftrace", str(tmp_path / "bpftrace")]
    assert cli.main(words) == 2
    assert "is run as root" in capsys.readouterr().err
    assert not tmp_path.joinpath("a.json").exists()


@pytest.mark.parametrize("words", [["--demo"], ["--replay", "a"], ["triage"], ["config"]])
def test_what_looks_at_no_program_says_so(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    with pytest.raises(SystemExit) as end:
        arguments.parse([*words, "--bt", CALLS])
    assert end.value.code == 2
    assert "--bt" in capsys.readouterr().err


def test_what_a_helper_costs_is_ebtops_own_from_when_it_was_first_named() -> None:
    """It stays counted when the helper has ended."""
    host = Host(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        helpers = frozenset({busy.pid})
        begin = host._helpers_seconds(helpers)
        ticks = psutil.Process(busy.pid)
        before = ticks.cpu_times().user
        wait_until(lambda: ticks.cpu_times().user > before + 0.1)
        used = host._helpers_seconds(helpers)
        busy.kill()
    assert begin == 0.0
    assert used >= 0.1
    assert host._helpers_seconds(helpers) == host._helpers_seconds(frozenset()) == used
