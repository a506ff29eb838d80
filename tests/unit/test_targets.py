"""Targets as words and back."""

from __future__ import annotations

import pytest

from ebtop.sample import Target
from ebtop.tui.targets import target_of, words_of


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("", Target()),
        ("4121", Target((4121,))),
        ("pid:1,2 pid:3", Target((1, 2, 3))),
        ("sshd", Target(comm="sshd")),
        ("comm:sh user:ada", Target(comm="sh", user="ada")),
        ("c:web", Target(unit="web")),
        ("container:web unit:cache", Target(unit="cache")),
    ],
)
def test_words_name_a_target(text: str, target: Target) -> None:
    """And the target's own words name it again."""
    assert target_of(text) == target
    assert target_of(words_of(target)) == target


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pid:", "nothing"),
        ("pid:x", "no number"),
        ("port:80", "none of"),
        ("pid:4194305", "highest"),
        ("pid:" + "9" * 50, "highest"),
    ],
)
def test_what_is_no_target_is_said(text: str, why: str) -> None:
    """In a few words."""
    with pytest.raises(ValueError, match=why):
        target_of(text)
