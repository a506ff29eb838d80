"""Declarations in recordings: every one comes back as it was, and nothing but declarations does."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ebtop import cli, registry
from ebtop.declarations import LONGEST, MOST, declaration, declarations, written
from ebtop.own import example
from ebtop.recording import read
from ebtop.replay import Replay
from ebtop.sample import Sample
from ebtop.spec import Events, Flame, Histogram, Key, Kind, Probe, Table
from ebtop.units import Unit
from tests import samples
from tests.unit.test_recording import recorded

MINE = replace(example.PROBE, name="mine", group="eBPF and your own")
DELETED = object()


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """No test leaves a probe in the registry."""
    yield
    registry.forget()


def renamed(probe: Probe, name: str) -> Probe:
    """`probe` as one of the user's own."""
    return replace(probe, name=name, slot=0, source="", text="")


def session(*own: Probe, beside: tuple[str, ...] = ("rw",)) -> list[Sample]:
    """Samples of these probes, which are not built in, as the live source gives them."""
    for probe in own:
        registry.add(probe)
    names = [probe.name for probe in own]
    given = samples.session(3, (*beside, *names))
    registry.forget()
    return [replace(sample, declared={probe.name: probe for probe in own}) for sample in given]


@pytest.mark.parametrize("probe", registry.probes().values(), ids=lambda probe: probe.name)
def test_every_declaration_comes_back_as_it_was(probe: Probe) -> None:
    """But for the C and the folder it lies in: every shape that the built-in ones have."""
    assert declaration(written(probe)) == replace(probe, source="", text="")
    assert len(written(probe)) < LONGEST / 4


def test_neither_c_nor_folders_are_written() -> None:
    """They are nobody else's business."""
    text = written(replace(MINE, source="/home/ada/probes", text="int mine_made(void) { return 0; }"))
    assert "/home" not in text and "int " not in text and declaration(text) == MINE


def test_a_recording_holds_the_declarations_of_its_own_probes() -> None:
    """Also one that comes later; they are written once, and recordings of before have none."""
    first, second, third = session(MINE)
    bare = replace(first, declared={})
    given = [bare, second, third]
    assert [sample.declared for sample in read(io.BytesIO(recorded(*given)))] == [{}, {"mine": MINE}, {"mine": MINE}]
    without = [replace(sample, declared={}) for sample in (second, third)]
    grown, least = (len(recorded(*both)) - len(recorded(both[0])) for both in ((second, third), without))
    assert grown < least + 50


def forged(**changes: Any) -> str:
    """The declaration of `mine` with other members, or without those that are DELETED."""
    content = json.loads(written(MINE)) | changes
    return json.dumps({name: value for name, value in content.items() if value is not DELETED})


def view(**changes: Any) -> list[dict[str, Any]]:
    """Its views, the first one changed."""
    (table,) = json.loads(written(MINE))["views"]
    content = table | changes
    return [{name: value for name, value in content.items() if value is not DELETED}]


KEY = {"field": "pid", "kind": "pid"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Expecting value"),
        ("[]", "has no members"),
        ("[" * 60_000, "too deep"),
        ('"' + "a" * LONGEST + '"', "longer than"),
        (forged(name="other"), "it is one of other"),
        (forged(name="../mine"), "is no name for a probe"),
        (forged(name=7), "PROBE.name is int, not str"),
        (forged(title=DELETED), "PROBE has no title"),
        (forged(title=""), "title is empty"),
        (forged(title="a" * 5000), "PROBE.title is longer than"),
        (forged(text="int mine_made(void)"), "does not know: text"),
        (forged(source="/etc"), "does not know: source"),
        (forged(slot=True), "PROBE.slot is bool, not int"),
        (forged(slot=1 << 64), "does not fit in 64 bits"),
        (forged(slot=1.5), "PROBE.slot is float"),
        (forged(default=0), "PROBE.default is int"),
        (forged(headline_unit="parsecs"), "is no Unit of this version"),
        (forged(headline_unit=["count"]), "is no Unit of this version"),
        (forged(same="top"), "is no list"),
        (forged(same=["top"] * 600), "more than 512"),
        (forged(defines=[["A", 1, 2]]), "has 3 members, not 2"),
        (forged(ways={}), "is no list"),
        (forged(views=[]), "it has no views"),
        (forged(views=[7]), "is none of Table, Histogram"),
        (forged(views=view(**{"is": DELETED})), "is none of Table, Histogram"),
        (forged(views=view(**{"is": "Probe"})), "is none of Table, Histogram"),
        (forged(views=view(**{"is": ["Table"]})), "is none of Table, Histogram"),
        (forged(views=view(keys=[{**KEY, "kind": "soul"}])), "is no Kind of this version"),
        (forged(views=view(keys=[{"field": "f", "kind": "stack"}])), "only of a Table that names its stacks"),
        (forged(views=view(keys=[{**KEY, "unit": "ns"}])), "has a unit, which only a Kind.NUMBER has"),
        (forged(views=view(keys=[KEY, KEY])), "keys: 'pid' is there twice"),
        (forged(views=view(stacks="mine_stacks")), "rows of stacks have the keys"),
        (forged(views=view(sort="nothing")), "which is none of its columns"),
        (forged(views=view(columns=[])), "none of its columns"),
        (forged(views=view() * 2), "is there twice"),
        (
            forged(views=[{"is": "Histogram", "name": "h", "title": "h", "map": "m", "unit": "ns", "edges": [2, 1]}]),
            "rise",
        ),
    ],
)
def test_what_is_no_declaration_is_told_in_one_line(text: str, says: str) -> None:
    """Whoever wrote it: types, names, bounds, and what drawing relies on."""
    with pytest.raises(ValueError, match="the declaration of its probe mine is not in order: ") as why:
        declarations({"mine": text})
    assert says in str(why.value)
    assert "\n" not in str(why.value) and len(str(why.value)) <= 300


def test_no_change_of_a_declaration_leads_to_anything_but_a_value_error() -> None:
    """Each part of one that has every shape, replaced by each sort of value that JSON has."""
    key = Key("flags", Kind.CODE, codes=((1, "one"),))
    histogram = Histogram("times", "times", "mine_times", Unit.NS, (key,), edges=(1, 2))
    events = Events("last", "last", "mine_last", "mine_record", (Key("pid", Kind.PID),))
    flame = Flame("flame", "flame", "mine_stacked", "mine_stacks", "ns", Unit.NS)
    (table,) = MINE.views
    assert isinstance(table, Table)
    views = (replace(table, columns=table.columns[:1], sort=table.columns[0].name), histogram, events, flame)
    whole = json.loads(written(replace(MINE, views=views)))
    taken = refused = 0
    for change in (None, -1, True, "", "x\x1b", [[]], {"is": "Table"}, DELETED):
        for text in _changed(whole, change):
            try:
                assert "\x1b" not in repr(declaration(text))
                taken += 1
            except ValueError:
                refused += 1
    assert taken > 20 and refused > 400


def _changed(content: Any, change: Any) -> Iterator[str]:
    """`content` as text, with each one of its parts, however deep, changed in turn."""
    todo = [content]
    while todo:
        part = todo.pop()
        for place in list(part) if isinstance(part, dict) else range(len(part)):
            value = part[place]
            if isinstance(value, dict | list):
                todo.append(value)
            if change is not DELETED:
                part[place] = change
            elif isinstance(part, dict):
                del part[place]
            yield json.dumps(content)
            part[place] = value


def test_too_many_declarations_are_refused() -> None:
    """Before any of them is looked at."""
    with pytest.raises(ValueError, match="more than"):
        declarations({f"a{number}": "" for number in range(MOST + 1)})


def test_texts_of_a_declaration_are_cleaned() -> None:
    """A stranger's words do not steer the terminal."""
    (probe,) = declarations({"mine": forged(title="\x1b[2J", question="a\nb\u202e?")}).values()
    assert (probe.title, probe.question) == ("␛[2J", "a␊b\ufffd?")


def test_a_replay_shows_a_probe_that_nobody_declared_here() -> None:
    """It is among all probes, and nothing has to be said."""
    source = Replay(io.BytesIO(recorded(*session(MINE))))
    assert registry.names()[-1] == "mine" and registry.probe("mine") == MINE
    assert source.recorded == ("rw", "mine") and source.remarks == ()
    source.close()


def test_a_probe_is_shown_as_it_was_recorded_whatever_has_its_name_here() -> None:
    """Where that differs it is said; the same one, from whatever folder, is nothing to be said."""
    file = recorded(*session(MINE))
    registry.add(replace(MINE, source="/elsewhere", text="int x;"))
    assert Replay(io.BytesIO(file)).remarks == ()
    registry.forget()
    registry.add(replace(MINE, title="another"))
    source = Replay(io.BytesIO(file))
    (said,) = source.remarks
    assert "another declaration of the probe mine" in said and "as it was recorded" in said
    assert registry.probe("mine").title == MINE.title and registry.names().count("mine") == 1


def test_a_built_in_probe_cannot_be_declared_by_a_recording() -> None:
    """Much relies on what the built-in ones are; what does not fit them fails, as ever."""
    source = Replay(io.BytesIO(recorded(*session(MINE, beside=()))))
    source.close()
    registry.forget()
    given = [
        replace(sample, probes={"rw": sample.probes["mine"]}, declared={"rw": renamed(MINE, "rw")})
        for sample in session(MINE, beside=())
    ]
    source = Replay(io.BytesIO(recorded(*given)))
    (said,) = source.remarks
    assert "own probe rw has the name of a built-in one" in said
    assert registry.probe("rw").title != MINE.title and registry.names().count("rw") == 1


def test_a_recording_that_declares_one_probe_in_two_ways_is_damaged_there() -> None:
    """Numbers of before are not shown by words of after."""
    first, second, _ = session(MINE)
    source = Replay(io.BytesIO(recorded(first, replace(second, declared={"mine": replace(MINE, title="other")}))))
    told: list[str] = []
    for sample in source._endless():
        told += sample.messages
        if told:
            break
    assert told == ["the recording declares its probe mine in two ways, or too many of them"]


def test_the_command_line_knows_what_the_recording_declares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By name, by group, and without a name: then all that was recorded is shown."""
    path, out = tmp_path / "x.ebtop", tmp_path / "x.json"
    path.write_bytes(recorded(*session(replace(MINE, group="my own part"))))

    def shown(*words: str) -> set[str]:
        quickly = ("--no-config", "--interval", "100ms", "--replay", str(path))
        status = cli.main([*quickly, *words, "snapshot", "-o", str(out), "--for", "100ms"])
        assert status == 0, capsys.readouterr().err
        registry.forget()
        content: dict[str, Any] = json.loads(out.read_bytes())["probes"]
        assert all(probe["state"] == "live" for probe in content.values())
        return set(content)

    assert shown("--probes", "mine") == {"mine"}
    assert shown("--probes", "@my own part") == {"mine"}
    assert shown() == {"mine", "rw"}


def test_a_recording_of_a_replay_keeps_the_declarations(tmp_path: Path) -> None:
    """It stands alone as well."""
    path, again = tmp_path / "x.ebtop", tmp_path / "y.ebtop"
    path.write_bytes(recorded(*session(MINE)))
    words = ["--no-config", "--interval", "100ms", "--replay", str(path)]
    assert cli.main([*words, "record", str(again), "--for", "100ms"]) == 0
    with again.open("rb") as file:
        assert next(read(file)).declared == {"mine": MINE}


def test_a_broken_declaration_ends_it_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And exit status 2."""
    sample = session(MINE)[0]
    path = tmp_path / "x.ebtop"
    path.write_bytes(recorded(replace(sample, declared={"mine": replace(MINE, views=())})))
    assert cli.main(["--no-config", "--replay", str(path), "snapshot", "-o", "-"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "of its probe mine is not in order: it has no views" in said
