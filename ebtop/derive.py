"""Two samples become a frame: with `measures` the only place where rates exist; knows neither kernels nor screens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from ebtop import rows
from ebtop.change import Change
from ebtop.frame import (
    Counts,
    EventsFrame,
    FlameFrame,
    Frame,
    HistogramFrame,
    ProbeFrame,
    TableFrame,
    ViewFrame,
)
from ebtop.measures import NAN, Columns
from ebtop.sample import BUCKETS, HostSample, ProbeSample, Sample, State, Totals
from ebtop.spec import STACK, Column, Events, Flame, Histogram, Kind, Measure, Probe, Table, View, stacks_of
from ebtop.stacks import Functions, Stacks
from ebtop.zero import Cleared, Zero, totals_since


def derive(now: Sample, before: Sample | None, probes: Mapping[str, Probe]) -> Frame:
    """The frame of the interval from `before` to `now`; rates need a `before`, or a probe that began in between.

    A probe that (re)started since `before` is measured from its start. `probes` gives the declarations; what has no
    sample is left out.
    """
    seconds = (now.monotonic_ns - before.monotonic_ns) / 1e9 if before else NAN
    frames = {name: _probe(probes[name], now, before) for name in probes if name in now.probes}
    costs = [frame.cpu_percent for frame in frames.values() if frame.cpu_percent == frame.cpu_percent]
    return Frame(
        now,
        seconds,
        frames,
        cpu_percent=_busy(now.host, before.host) if before else NAN,
        self_user_percent=_share(now.host.self_cpu_s - before.host.self_cpu_s, seconds) if before else NAN,
        self_kernel_percent=sum(costs) if costs else NAN,
        lost=sum(sample.totals.drops + sample.totals.lost for sample in now.probes.values()),
        **_stalls(now.host, before.host, seconds) if before else {},
    )


def counted_from(shown: ProbeFrame, zero: Zero, at_ns: int) -> ProbeFrame:
    """`shown`, of a frame at `at_ns`, with all that counts since the start counted from `zero` instead.

    Rates are what they were; rows in which nothing was counted since are left out; the largest since then is known
    only where it is the largest of all. A frame from before the zero, or of another run, stays as it is.
    """
    if not isinstance(shown.views, Views) or not zero.holds(shown.sample, at_ns):
        return shown
    sample = replace(shown.sample, totals=totals_since(shown.sample.totals, zero.sample.totals))
    return replace(shown, sample=sample, views=shown.views.counted_from(zero, at_ns))


def _stalls(now: HostSample, before: HostSample, seconds: float) -> dict[str, float]:
    """Shares of the interval in which tasks stood still, and what was swapped, by the frame's names."""
    return {
        "cpu_pressure_percent": _share(now.cpu_pressure_s - before.cpu_pressure_s, seconds),
        "io_pressure_percent": _share(now.io_pressure_s - before.io_pressure_s, seconds),
        "memory_pressure_percent": _share(now.memory_pressure_s - before.memory_pressure_s, seconds),
        "swapped_bytes_per_second": _share(now.swapped_bytes - before.swapped_bytes, seconds) / 100,
    }


def _busy(now: HostSample, before: HostSample) -> float:
    return _share(now.cpu_busy_s - before.cpu_busy_s, now.cpu_total_s - before.cpu_total_s)


def _share(part: float, whole: float) -> float:
    return 100 * part / whole if whole > 0 else NAN


def _probe(probe: Probe, now: Sample, before: Sample | None) -> ProbeFrame:
    sample = now.probes[probe.name]
    if sample.state is not State.LIVE:
        return ProbeFrame(probe, sample)
    earlier = _same_run(before, sample, probe.name)
    began = (earlier.read_ns or before.monotonic_ns) if before and earlier else sample.started_ns
    seconds = ((sample.read_ns or now.monotonic_ns) - began) / 1e9
    if seconds <= 0:
        return ProbeFrame(probe, sample, views=Views(probe, sample, earlier, NAN))
    views = Views(probe, sample, earlier, seconds)
    previous = earlier.totals if earlier else Totals()
    events = (sample.totals.total - previous.total) / seconds
    cost = sample.cost
    return ProbeFrame(
        probe,
        sample,
        rate=views.headline() if probe.headline else events,
        events_per_second=events,
        ns_per_event=cost.run_ns / cost.runs if cost.runs else NAN,
        cpu_percent=_share(cost.run_ns, cost.slice_ns),
        views=views,
        still=earlier is not None and _is_still(sample, earlier),
    )


def _is_still(now: ProbeSample, before: ProbeSample) -> bool:
    """Whether the source gave the very same maps and events again, as it does where nothing has changed."""
    maps = all(before.maps.get(name) is content for name, content in now.maps.items())
    seen = {name: tail.seen for name, tail in before.events.items()}
    return maps and all(seen.get(name) == tail.seen for name, tail in now.events.items())


def _same_run(before: Sample | None, sample: ProbeSample, name: str) -> ProbeSample | None:
    earlier = before.probes.get(name) if before else None
    if earlier and earlier.state is State.LIVE and earlier.started_ns == sample.started_ns:
        return earlier
    return None


class Views(Mapping[str, ViewFrame]):
    """The views of a probe, each derived when it is first looked at and then kept."""

    def __init__(
        self,
        probe: Probe,
        sample: ProbeSample,
        earlier: ProbeSample | None,
        seconds: float,
        zero: tuple[Zero, int] | None = None,
    ) -> None:
        """`zero`: from where it is counted, and the moment of `sample`."""
        self._probe, self._sample, self._earlier, self._seconds, self._zero = probe, sample, earlier, seconds, zero
        self._changes: dict[str, Change] = {}
        self._frames: dict[str, ViewFrame] = {}
        self._views = {view.name: view for view in probe.views if self._has(view)}
        self._counted: tuple[Zero, Views] | None = None

    def _has(self, view: View) -> bool:
        if (stacks := stacks_of(view)) and stacks not in self._sample.maps:
            return False
        return view.map in (self._sample.events if isinstance(view, Events) else self._sample.maps)

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def __getitem__(self, name: str) -> ViewFrame:
        if name not in self._frames:
            self._frames[name] = self._derive(self._views[name])
        return self._frames[name]

    def counted_from(self, zero: Zero, at_ns: int) -> Views:
        """The same views counted from `zero`, `self` being of `at_ns`; kept while it is the same zero."""
        if self._counted is None or self._counted[0] is not zero:
            views = Views(self._probe, self._sample, self._earlier, self._seconds, (zero, at_ns))
            self._counted = zero, views
        return self._counted[1]

    def headline(self) -> float:
        """What the value members of the probe's headline add up to, per second."""
        table = self._probe.first_table
        if table is None or table.name not in self._views:
            return NAN
        change = self._change(table.map)
        return sum(float(change.delta(field).sum()) for field in self._probe.headline) / self._seconds

    def _derive(self, view: View) -> ViewFrame:
        if isinstance(view, Events):
            return self._events(view)
        if isinstance(view, Histogram):
            return _histogram(view, self._change(view.map))
        if isinstance(view, Flame):
            return self._flame(view)
        return _table(view, self._expanded(view) if view.stacks else self._change(view.map), self._seconds)

    def _expanded(self, view: Table) -> Change:
        by_function = any(key.kind is Kind.FUNCTION for key in view.keys)
        return self._functions(view) if by_function else self._stacks(view)

    def _functions(self, view: Table) -> Change:
        return Functions(self._change(view.map), self._sample.maps[view.stacks])

    def _stacks(self, view: Table | Flame) -> Change:
        return Stacks(self._change(view.map), self._sample.maps[view.stacks])

    def _flame(self, view: Flame) -> FlameFrame:
        stacks = self._stacks(view)
        counts, recent = stacks.since(view.field), stacks.delta(view.field)
        return FlameFrame(view, stacks.now.keys[STACK], counts.astype(np.float64), recent.astype(np.float64))

    def _events(self, view: Events) -> EventsFrame:
        tail = self._sample.events[view.map]
        then = self._zero[0].sample.events.get(view.map) if self._zero else None
        seen = tail.seen - then.seen if then else tail.seen
        return EventsFrame(view, tail.records[max(0, tail.records.size - seen) :], seen)

    def _change(self, name: str) -> Change:
        if name not in self._changes:
            earlier = self._earlier.maps.get(name) if self._earlier else None
            change = Change(self._sample.maps[name], earlier, partial(gauges, self._probe, name))
            if self._zero:
                zero, at_ns = self._zero
                change = Cleared(change, zero.rows(name, at_ns), counters(self._probe, name))
            self._changes[name] = change
        return self._changes[name]


def gauges(probe: Probe, name: str) -> frozenset[str]:
    """The members of map `name` that say how something is now, not how often it happened."""
    return frozenset(column.field for column in _columns(probe, name) if column.measure is Measure.GAUGE)


def counters(probe: Probe, name: str) -> tuple[str, ...]:
    """The members of map `name` that count, as far as the probe's views look at them."""
    counting = [column for column in _columns(probe, name) if column.measure not in (Measure.GAUGE, Measure.MAX)]
    fields = [field for column in counting for field in (column.field, column.per) if field]
    if any(isinstance(view, Histogram) and view.map == name for view in probe.views):
        fields.append("slots")
    return tuple(dict.fromkeys(fields))


def _columns(probe: Probe, name: str) -> list[Column]:
    tables = [view for view in probe.views if isinstance(view, Table) and view.map == name and not view.stacks]
    return [column for view in tables for column in view.columns]


def _table(view: Table, change: Change, seconds: float) -> TableFrame:
    keys, place = rows.group(change.now.keys, tuple(key.field for key in view.keys))
    columns = Columns(view, change, place, keys.size, seconds)
    comm = None
    if "comm" in (change.now.values.dtype.names or ()):
        comm = rows.first(change.now.values["comm"], place, keys.size)
    return TableFrame(view, keys, columns, comm)


def _histogram(view: Histogram, change: Change) -> HistogramFrame:
    used = np.asarray(change.since("slots").any(axis=1))
    keys, place = rows.group(change.now.keys[used], tuple(key.field for key in view.by))
    groups = keys.size if view.by else 1
    if not view.by:
        keys, place = np.zeros(1, np.dtype([])), np.zeros(int(used.sum()), np.intp)
    counts: Counts = rows.add(change.delta("slots")[used], place, groups).reshape(groups, BUCKETS)
    totals: Counts = rows.add(change.since("slots")[used], place, groups).reshape(groups, BUCKETS)
    sums = rows.add(change.since("sum")[used], place, groups).astype(np.float64)
    return HistogramFrame(view, keys, counts, totals, sums, change.highest("max_value", place, groups, used))
