"""What a running probe's keys and examples ask to be named, without a kernel."""

from __future__ import annotations

import os
import resource
from dataclasses import replace

import numpy as np
import pytest

from ebtop import fitting, registry, wire
from ebtop.callers import Callers
from ebtop.keynumbers import Numbers
from ebtop.numbered import NumberedTexts
from ebtop.running import Running
from ebtop.spec import Key, Kind, Table, rate
from ebtop.wire import Field
from tests import samples


def test_numbers_that_only_examples_have_are_named_too() -> None:
    """A process and a device without a row; the sets stay the very same while nothing new appears."""
    live = samples.sample(0, ["blockio"]).probes["blockio"]
    numbers = Numbers(registry.probe("blockio"))
    examples = live.worst["latency"].copy()
    rows = live.maps["blockio_rows"].keys
    examples["pid"], examples["device"] = rows["pid"][0], rows["device"][0]

    def named(kind: Kind) -> frozenset[int]:
        return frozenset[int]().union(*numbers.of(kind))

    numbers.look(dict(live.maps), {})
    before = {kind: named(kind) for kind in (Kind.PID, Kind.DEVICE)}
    numbers.look_beside({"latency": examples})
    assert {kind: named(kind) for kind in before} == before
    first = [*numbers.of(Kind.PID), *numbers.of(Kind.DEVICE)]
    numbers.look_beside({"latency": examples[:3]})
    assert all(
        one is other for one, other in zip(first, [*numbers.of(Kind.PID), *numbers.of(Kind.DEVICE)], strict=True)
    )
    examples["pid"][5], examples["device"][7] = 31_337, 7 << 20
    numbers.look_beside({"latency": examples})
    assert named(Kind.PID) == before[Kind.PID] | {31_337}
    assert named(Kind.DEVICE) == before[Kind.DEVICE] | {7 << 20}
    numbers.look_beside({"latency": np.zeros(0, examples.dtype)})
    assert {kind: named(kind) for kind in before} == before


def test_a_probe_that_would_take_the_last_descriptors_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own are closed; what helps is told. Somebody has to be able to hear the next message."""
    null = os.open("/dev/null", os.O_RDONLY)
    high = 900
    os.dup2(null, high)
    os.close(null)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1024, 1024))
    live = wire.Live("rw", 1, "tracepoint", (), (), ("program",), 0)
    with pytest.raises(OSError, match="1024 descriptors; `ulimit -n 65536`"):
        Running(registry.probe("rw"), live, (high,), 0, Callers())
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(high)


def test_what_a_view_reads_and_its_map_has_not_is_found() -> None:
    """In keys, columns and the headline; by the name of the view."""
    probe, sample = registry.probe("rw"), samples.sample(0, ["rw"]).probes["rw"]
    table = next(view for view in probe.views if isinstance(view, Table))
    others = tuple(view for view in probe.views if view is not table)
    assert fitting.misfit(probe, sample) == ""
    assert fitting.misfit(replace(probe, headline=("nothing",)), sample) == table.name
    for changed in (
        replace(table, keys=(Key("nothing", Kind.PID),)),
        replace(table, columns=(rate("nothing"),)),
        replace(table, columns=(rate("comm"),)),
    ):
        assert fitting.misfit(replace(probe, views=(changed, *others)), sample) == table.name


@pytest.mark.parametrize(
    ("record", "key"),
    [
        (("number", "<u4", "path", "S256"), "S256"),
        (("number", "S4", "text", "S256"), "S256"),
        (("number", "<u4", "text", "<u8"), "S256"),
        (("number", "<u4", "text", "S256"), "<u4"),
    ],
)
def test_texts_that_are_not_declared_as_they_have_to_be_are_refused(record: tuple[str, ...], key: str) -> None:
    """Before anything is mapped: a declaration may be anybody's."""
    numbers = wire.MapInfo("texts", 1, 256, 4, 16, 0, (Field("text", key, 0),), (Field("value", "<u4", 0),))
    members = Field(record[0], record[1], 0), Field(record[2], record[3], 4)
    told = wire.MapInfo("texts_told", 27, 0, 0, 4096, 0, (), ())
    with pytest.raises(ValueError, match="texts"):
        NumberedTexts((numbers, -1), (told, -1), replace(told, value=members, value_size=260))
