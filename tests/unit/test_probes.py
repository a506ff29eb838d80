"""What holds for every declaration of a probe."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ebtop import registry
from ebtop.kernel import source
from ebtop.own import checking
from ebtop.spec import GROUPS, Hook, Probe, Way

COUNTERS = {
    "syscalls": "calls",
    "rw": "calls",
    "opens": "opens",
    "exec": "execs",
    "tcpconnect": "connects",
    "tcpaccept": "accepts",
    "blockio": "ops",
    "runqlat": "waits",
    "runqlen": "samples",
    "pagefaults": "faults",
    "xdp": "packets",
    "bpf": "runs",
    "errors": "errors",
    "exits": "exits",
    "forks": "clones",
    "signals": "signals",
    "mounts": "calls",
    "unlinks": "calls",
    "cpudist": "runs",
    "migrations": "migrations",
    "oom": "kills",
    "futex": "waits",
    "locks": "waits",
    "capable": "checks",
    "privilege": "calls",
    "dns": "lookups",
}


@pytest.mark.parametrize("probe", registry.probes().values(), ids=lambda probe: probe.name)
def test_the_first_table_tells_which_of_its_members_counts_events(probe: Probe) -> None:
    """Rows that are taken out of it are counted by that one, never by their bytes."""
    first = probe.first_table
    if first is not None:
        assert first.counter
        assert first.counter == COUNTERS.get(probe.name, first.counter)


@pytest.mark.parametrize("probe", registry.probes().values(), ids=lambda probe: probe.name)
def test_a_declaration_and_its_c_are_in_order(probe: Probe) -> None:
    """By the same checks that probes which are not built in have to pass."""
    assert list(checking.flaws(probe, source.text_of(probe) if probe.ways else "", probe.name)) == []
    assert probe.group in GROUPS


def test_declarations_are_imported_when_they_are_asked_for() -> None:
    """The names are known without; settings need the first only, the rest of the list nobody's before it is shown."""
    text = (
        "import sys; from ebtop import registry; from ebtop.settings import Settings; names = registry.names();"
        "registry.probes().keys() & {'rw'}; none = [name for name in names if f'ebtop.probes.{name}' in sys.modules];"
        "Settings(); print(none, sum(f'ebtop.probes.{name}' in sys.modules for name in names) <= len(registry.FIRST))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "[] True\n"


def test_only_the_first_probes_have_digits_or_run_by_themselves() -> None:
    """Which is how it is known that the others need not be imported at the start."""
    others = [probe for name, probe in registry.probes().items() if name not in registry.FIRST]
    assert all(probe.slot == 0 and not probe.default for probe in others)
    assert all(name in registry.names() for name in registry.FIRST)


@pytest.mark.parametrize("path", sorted(registry.FOLDER.glob("*.c")), ids=lambda path: path.stem)
def test_readings_of_the_clock_are_subtracted_by_what_knows_that_it_may_go_back(path: Path) -> None:
    """A difference below zero would be a time of 584 years."""
    bare = re.findall(r"(?:bpf_ktime_get_ns\(\)|\bnow|\bns) - [^;]*", path.read_text())
    assert [one for one in bare if "queued" not in one] == []


ENDS = (
    ("enter", "exit"),
    ("entry", "exit"),
    ("begin", "end"),
    ("execute_start", "execute_end"),
    ("queue_work", "execute_start"),
    ("rq_insert", "rq_issue"),
    ("io_start", "rq_issue"),
    ("rq_issue", "rq_complete"),
    ("sched_wakeup", "sched_switch"),
)
"""How the name of a place where a time begins differs from that where it ends."""
RETURNS = {"kprobe": "kretprobe", "uprobe": "uretprobe", "fentry": "fexit"}


def ends_of(way: Way, begins: Hook) -> list[int]:
    """Where in a way the hooks stand at which a time ends that begins at that one."""
    names = {begins.target.replace(*pair) for pair in ENDS if pair[0] in begins.target}
    return [
        at
        for at, hook in enumerate(way.hooks)
        if (hook.kind == RETURNS.get(begins.kind) and hook.target == begins.target)
        or (hook.kind == begins.kind and hook.target in names)
    ]


TIMED = [
    (probe, way)
    for probe in registry.probes().values()
    for way in probe.ways
    if any(ends_of(way, hook) for hook in way.hooks)
]


def test_probes_that_time_something_are_known_as_such() -> None:
    """Else the next test would hold of none."""
    known = {probe.name for probe, _ in TIMED}
    assert known >= {"syscalls", "rw", "files", "fslat", "futex", "locks", "dns", "workqueues", "blockio", "runqlat"}


@pytest.mark.parametrize(("probe", "way"), TIMED, ids=lambda one: one.name)
def test_what_ends_a_time_is_attached_before_all_that_begins_one(probe: Probe, way: Way) -> None:
    """An end without its beginning counts as unmatched; a beginning without its end is found by that of another."""
    begins = {at: ends for at, hook in enumerate(way.hooks) if (ends := ends_of(way, hook))}
    assert all(end < at for at, ends in begins.items() for end in ends), probe.name
    stores = [at for at, hook in enumerate(way.hooks) if hook.target in ("sched_switch", "sched_process_exit")]
    assert all(at < min(begins) for at in stores), probe.name
    calls = [at for at in begins if way.hooks[at].target.startswith("syscalls:")]
    assert not calls or max(end for at in calls for end in begins[at]) < min(calls), probe.name
