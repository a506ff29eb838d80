"""Every screen, compared with a picture of it: at 80x24, which everyone has, at 120x40 and at 200x60."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ebtop.sample import ProbeSample, State
from tests.samples import failed, sample, session, with_probe
from tests.tui.scenes import DEFAULT, SMALL, WIDE, dashboard, drawn

Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [SMALL, WIDE, (200, 60)], ids=["80x24", "120x40", "200x60"])


@SIZES
def test_the_overview_has_a_panel_for_each_probe(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Header, eight panels with their tops, shapes and rates, status and keys."""
    assert snap_compare(dashboard(), terminal_size=size, run_before=drawn)


@SIZES
def test_one_probe_maximised_has_table_trend_and_histogram(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The whole table, its rate over time with axes, and its histogram with time units and percentiles."""
    assert snap_compare(dashboard(), terminal_size=size, run_before=drawn, press=["m"])


@SIZES
def test_the_help_explains_keys_and_columns(snap_compare: Compare, size: tuple[int, int]) -> None:
    """What is looked at comes first."""
    assert snap_compare(dashboard(), terminal_size=size, run_before=drawn, press=["question_mark"])


@SIZES
def test_a_filter_is_typed_in_the_place_of_the_status_line(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Rows follow while it is typed."""
    assert snap_compare(dashboard(), terminal_size=size, run_before=drawn, press=["m", "slash", *"comm:p"])


@SIZES
def test_a_probe_that_failed_says_why_in_its_panel(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The others go on; L shows what the verifier said."""
    given = with_probe(sample(39, DEFAULT), "rw", failed())
    given = with_probe(given, "opens", ProbeSample(State.COMPILING))
    given = with_probe(given, "exec", ProbeSample(State.ATTACHING))
    assert snap_compare(dashboard(*session(39, DEFAULT), given), terminal_size=size, run_before=drawn)


@SIZES
def test_one_process_has_all_that_is_known_of_it(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Who it is, a panel for each probe that has seen it, and which have not."""
    assert snap_compare(dashboard(), terminal_size=size, run_before=drawn, press=["enter"])


@SIZES
def test_the_heatmap_says_what_is_under_its_cursor(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Time of day, range, events and the worst of them."""
    press = ["tab", "m", "H", "left", "left", "up"]
    assert snap_compare(dashboard(*session(90, DEFAULT)), terminal_size=size, run_before=drawn, press=press)


@SIZES
def test_a_moment_of_the_past_is_shown_whole(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Every panel follows; the bar says where it is."""
    press = ["left_curly_bracket", "left_square_bracket"]
    assert snap_compare(dashboard(), terminal_size=size, run_before=drawn, press=press)


@SIZES
def test_a_screen_that_is_held_says_so(snap_compare: Compare, size: tuple[int, int]) -> None:
    """In the header, beside the reason in the status line."""
    assert snap_compare(dashboard(), terminal_size=size, run_before=drawn, press=["space"])


def test_the_log_has_the_failed_probe_first(snap_compare: Compare) -> None:
    """The verifier's last lines."""
    given = with_probe(sample(39, DEFAULT), "rw", failed())
    assert snap_compare(dashboard(given), terminal_size=SMALL, run_before=drawn, press=["L"])


def test_the_palette_finds_actions_by_name(snap_compare: Compare) -> None:
    """Those that have all words that were typed."""
    assert snap_compare(dashboard(), terminal_size=SMALL, run_before=drawn, press=["colon", *"sort"])


def test_a_quiet_machine_says_what_would_appear(snap_compare: Compare) -> None:
    """Panels without rows are not mute."""
    quiet = session(3, DEFAULT, rows=0)
    assert snap_compare(dashboard(*quiet), terminal_size=WIDE, run_before=drawn)


def test_a_terminal_with_sixteen_colours_gets_its_own(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours of the terminal, not of ebtop."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLORTERM")
    assert snap_compare(dashboard(), terminal_size=SMALL, run_before=drawn)
