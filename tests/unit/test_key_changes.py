"""Keys as a user wants them: how they are written, and which changes cannot be."""

from __future__ import annotations

import pytest
from textual.keys import _character_to_key

from ebtop.tui.keychanges import KeyChangeError, effective, in_words, textual_name
from ebtop.tui.keys import KEYS, key_names, key_of, shown, spelled


def keys_of(name: str, **changes: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of an action after `changes`."""
    return next(row.keys for row in effective(changes) if row.name == name)


def test_every_action_has_a_name_of_its_own() -> None:
    """That is what a settings file calls it."""
    names = [row.name for row in KEYS]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_every_key_of_the_table_can_be_written_as_it_is_shown() -> None:
    """With signs, in ASCII, and by Textual's own name."""
    for key in [key for row in KEYS for key in row.keys]:
        assert textual_name(shown(key)) == textual_name(spelled(key)) == textual_name(key) == key
        assert spelled(key).isascii()


@pytest.mark.parametrize("code", range(0x21, 0x7F))
def test_signs_are_called_as_textual_calls_them(code: int) -> None:
    """And shown as they are typed."""
    name = textual_name(chr(code))
    assert name == _character_to_key(chr(code))
    assert shown(name) == chr(code)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ctrl-S", "ctrl+s"),
        ("ctrl+s", "ctrl+s"),
        ("Ctrl-I", "tab"),
        ("Ctrl--", "ctrl+minus"),
        ("Alt-x", "alt+x"),
        ("Shift-Tab", "shift+tab"),
        ("F24", "f24"),
        ("F25", None),
        ("pgup", "pageup"),
        (" ", "space"),
        ("é", "é"),
        ("Hyper-x", None),
        ("Shift-a", None),
        ("Nosuch", None),
        ("-x", None),
        ("\x1b", None),
    ],
)
def test_keys_are_written_as_people_write_them(written: str, name: str | None) -> None:
    """What a terminal cannot send is no key."""
    assert textual_name(written) == name


def test_a_change_replaces_the_keys_of_that_action_alone() -> None:
    """The order of the table stays; Ctrl-C always quits."""
    changed = effective({"pause": ("x", "Ctrl-A")})
    assert [row.action for row in changed] == [row.action for row in KEYS]
    assert keys_of("pause", pause=("x", "Ctrl-A")) == ("x", "ctrl+a")
    assert keys_of("quit", quit=("Q",)) == ("Q", "ctrl+c")
    assert keys_of("pause", pause=()) == ()
    assert key_of("pause", effective({"pause": ()})) == ""
    assert keys_of("sort", pause=("s",), sort=("F6",)) == ("f6",)


@pytest.mark.parametrize(
    ("name", "keys", "says"),
    [
        ("pauze", ("x",), "did you mean 'pause'?"),
        ("toggle", ("x",), "[slots]"),
        ("pause", ("Nosuch",), "there is no key 'Nosuch'"),
        ("pause", ("7",), "belongs to a probe"),
        ("pause", ("s",), "s is a key of sort already"),
        ("pause", ("Ctrl-C",), "Ctrl-C is a key of quit already"),
    ],
)
def test_what_cannot_be_says_why(name: str, keys: tuple[str, ...], says: str) -> None:
    """And which action it is about."""
    with pytest.raises(KeyChangeError) as why:
        effective({name: keys})
    assert says in str(why.value)
    assert why.value.action == name


def test_in_words_no_key_needs_more_than_ascii() -> None:
    """Arrows and Enter have names."""
    rows = [row for row in in_words(KEYS) if row.action != "toggle_probe"]
    assert all(key_names(row).isascii() for row in rows)
    assert key_of("open", in_words(KEYS)) == "Enter"
