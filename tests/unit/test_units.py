"""Numbers as text: three or four digits, the right unit, and never a zero for what is not zero."""

from __future__ import annotations

import re
import signal

import numpy as np
import pytest

from ebtop.units import Unit, age, ending, exact, hundredths, rate, text

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (7, "7"),
        (0.3, "0.3"),
        (0.04, "0.04"),
        (0.017, "0.017"),
        (9.94, "9.9"),
        (9.96, "10"),
        (41.4, "41"),
        (999.4, "999"),
        (999.5, "1.0 k"),
        (31_200, "31.2 k"),
        (99_949, "99.9 k"),
        (99_951, "100 k"),
        (999_499, "999 k"),
        (999_500, "1.0 M"),
        (1.5e9, "1.5 G"),
        (2**64, "18.4 E"),
        (1e22, "10000 E"),
        (-31_200, "-31.2 k"),
        (NAN, "-"),
    ],
)
def test_counts_have_decimal_prefixes(value: float, shown: str) -> None:
    """Rounded before the prefix is chosen, so that there is never 1000 k."""
    assert text(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0 B"), (512, "512 B"), (4096, "4.1 kB"), (312e6, "312 MB"), (301.2e6, "301 MB")]
)
def test_bytes_end_in_b(value: float, shown: str) -> None:
    """With the same prefixes."""
    assert text(value, Unit.BYTES) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 ns"),
        (0.4, "0.4 ns"),
        (7, "7 ns"),
        (999.4, "999 ns"),
        (999.6, "1.0 µs"),
        (2100, "2.1 µs"),
        (99_960, "100 µs"),
        (999_600, "1.0 ms"),
        (2.1e6, "2.1 ms"),
        (1e9, "1.0 s"),
        (59.94e9, "59.9 s"),
        (60e9, "1.0 min"),
        (5400e9, "1.5 h"),
        (3 * 86400e9, "3.0 d"),
        (-2100, "-2.1 µs"),
        (NAN, "-"),
    ],
)
def test_times_step_from_nanoseconds_to_days(value: float, shown: str) -> None:
    """Decimal below a minute, as clocks have it above."""
    assert text(value, Unit.NS) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 %"),
        (0.7, "0.7 %"),
        (0.03, "0.03 %"),
        (52.4, "52.4 %"),
        (0.004, "<0.01 %"),
        (100, "100 %"),
        (1600, "1600 %"),
    ],
)
def test_percent_keeps_small_shares(value: float, shown: str) -> None:
    """A probe that costs a little does not look free."""
    assert text(value, Unit.PERCENT) == shown


@pytest.mark.parametrize(
    ("percent", "shown"), [(0, "0.00"), (0.0049, "<0.01"), (1e-9, "<0.01"), (0.005, "0.01"), (1.2, "1.20")]
)
def test_a_small_cost_is_not_nothing(percent: float, shown: str) -> None:
    """Hundredths of a percent; what is less than one is said to be so."""
    assert hundredths(percent) == shown


def test_plain_numbers_have_no_prefix() -> None:
    """Identifiers and backlogs."""
    assert text(4096, Unit.PLAIN) == "4096"
    assert text(NAN, Unit.PLAIN) == "-"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (48_200, Unit.COUNT, "48.2 k/s"),
        (312e6, Unit.BYTES, "312 MB/s"),
        (41, Unit.COUNT, "41 /s"),
        (0, Unit.COUNT, "0 /s"),
        (NAN, Unit.COUNT, "-"),
    ],
)
def test_a_rate_is_per_second(value: float, unit: Unit, shown: str) -> None:
    """With the unit beside the number."""
    assert rate(value, unit) == shown


def test_exact_numbers_have_all_their_digits() -> None:
    """In thousands."""
    assert exact(1_204_331) == "1,204,331"


@pytest.mark.parametrize("unit", [Unit.COUNT, Unit.BYTES, Unit.NS])
def test_the_text_is_within_six_percent_and_short_for_any_number(unit: Unit) -> None:
    """From a hundredth to 2**63; columns keep their width."""
    steps = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
    times = {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9, "d": 86400e9}
    for value in np.geomspace(0.1, 2.0**53, 4000).tolist():
        shown = text(value, unit)
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(\D*)", shown)
        assert found is not None, shown
        step = times[found[2]] if unit is Unit.NS else steps[found[2].removesuffix("B")]
        assert float(found[1]) * step == pytest.approx(value, rel=0.06), value
        assert len(shown) <= 9


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0.00x"),
        (1.38, "1.38x"),
        (9.996, "10.0x"),
        (99.96, "100x"),
        (5123, "5123x"),
        (1e6, ">9999x"),
        (float("inf"), "new"),
        (NAN, "-"),
    ],
)
def test_ratios_are_times_what_it_was(value: float, shown: str) -> None:
    """What was nothing is new."""
    assert text(value, Unit.RATIO) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-3, "0s"), (13.9, "13s"), (133, "2m13s"), (3600, "1h00m"), (3725, "1h02m"), (86_400, "1d00h"), (3e5, "3d11h")],
)
def test_ages_have_two_parts(seconds: float, shown: str) -> None:
    """Cut, not rounded: a minute is only said once it has passed."""
    assert age(seconds) == shown


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0, "ended with status 0"),
        (3, "ended with status 3"),
        (-signal.SIGKILL, "was killed by SIGKILL"),
        (-(signal.SIGRTMIN + 1), f"was killed by signal {signal.SIGRTMIN + 1}"),
    ],
)
def test_how_a_process_ended_is_said_with_its_status_or_signal(status: int, said: str) -> None:
    """Minus a signal's number is that signal."""
    assert ending(status) == said
