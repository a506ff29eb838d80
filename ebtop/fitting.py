"""Whether what was read or recorded is what the declarations are about; knows nothing of files or time."""

from __future__ import annotations

import numpy as np

from ebtop import registry
from ebtop.sample import BUCKETS, MapRows, ProbeSample, Records, State
from ebtop.spec import ALL, SELF, Events, Flame, Histogram, Key, Kind, Probe, Table, keys_in, stacks_of
from ebtop.stacks import PATH

_STRANGE = "it was recorded by another version of ebtop, whose numbers this one does not know"


def declared(name: str) -> Probe | None:
    """The probe of that name as declared now, if there is one."""
    try:
        return registry.probe(name)
    except KeyError:
        return None


def fitting(name: str, sample: ProbeSample) -> ProbeSample:
    """`sample`, or a failed one where it lacks what this version's declaration of the probe reads."""
    probe = declared(name)
    if probe is None or sample.state is not State.LIVE or not misfit(probe, sample):
        return sample
    return ProbeSample(State.FAILED, error=_STRANGE)


def misfit(probe: Probe, sample: ProbeSample) -> str:
    """The name of the first view that reads something else than its map has, "" for none."""
    first = probe.first_table
    for view in probe.views:
        headline = probe.headline if view is first else ()
        if isinstance(view, Events):
            tail = sample.events.get(view.map)
            fits = tail is None or _numbers_and_texts(tail.records, view.keys)
        else:
            rows = sample.maps.get(view.map)
            fits = rows is None or (
                _numbers_and_texts(rows.keys, keys_in(view))
                and _values(rows.values, view, headline)
                and _paths(rows, sample.maps.get(stacks_of(view)))
            )
        if not fits or (isinstance(view, Histogram) and not _examples(sample.worst.get(view.name), view)):
            return view.name
    return ""


def _examples(records: Records | None, view: Histogram) -> bool:
    """Whether `records` are worst examples of `view`; recordings of before have none."""
    if records is None:
        return True
    members = {name: records.dtype[name] for name in records.dtype.names or ()}
    named = members.get("comm", np.dtype("S16")).kind == "S"
    numbered = members.get("bucket") == np.uint32 and members.get("value") == np.uint64
    if not numbered or not named or (records["bucket"] >= BUCKETS).any():
        return False
    return _numbers_and_texts(records, view.worst_keys)


def _numbers_and_texts(records: Records, keys: tuple[Key, ...]) -> bool:
    """Whether `records` has a member of the right sort for each of `keys`."""
    for key in keys:
        member = records.dtype[key.field] if key.field in (records.dtype.names or ()) else None
        if member is None:
            return False
        if key.kind is Kind.ADDRESS:
            fits = member.itemsize == 20  # struct ebtop_address
        else:
            text = member.kind == "S" and key.kind in (Kind.TEXT, Kind.NUMBERED)  # numbered since 0.2 only
            fits = text or (key.kind is not Kind.TEXT and member.kind in "ui" and not member.shape)
        if not fits or (key.kind is Kind.TIME and member != np.uint64):
            return False
    return True


def _paths(content: MapRows, paths: MapRows | None) -> bool:
    """Whether `paths`, if there are any, are those of the stacks of such rows."""
    if paths is None:
        return True
    names = paths.values.dtype.names or ()
    member = paths.values.dtype[PATH] if PATH in names else None
    return (
        paths.keys.dtype == content.keys.dtype
        and member is not None
        and member.base == "<u4"
        and len(member.shape) == 1
    )


def _values(values: Records, view: Table | Histogram | Flame, headline: tuple[str, ...]) -> bool:
    """Whether `values` has every counter that `view` and the probe's headline read."""
    names = values.dtype.names or ()
    if isinstance(view, Histogram):
        return {"slots", "sum", "max_value"} <= set(names) and values.dtype["slots"].shape == (BUCKETS,)
    if isinstance(view, Flame):
        fields = {view.field}
    else:
        fields = {name for column in view.columns for name in (column.field, column.per) if name} | set(headline)
    if stacks_of(view):
        fields = {name.removeprefix(SELF).removeprefix(ALL) for name in fields}
    return all(name in names and values.dtype[name].kind in "ui" and not values.dtype[name].shape for name in fields)
