"""The table of probes and kernels: kept by version, printed with each reason once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, which lies among the scripts."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import kernel_table

    return kernel_table


def tried(release: str, **ways: str) -> dict[str, Any]:
    """What one kernel has printed: a way, or "no:" and the reason."""
    probes = {
        name: {"way": "" if way.startswith("no:") else way, "reason": way.removeprefix("no:"), "refused": ""}
        for name, way in ways.items()
    }
    return {"kernel": release, "probes": probes, "at_once": [1, 2], "apart": []}


def test_each_kernel_has_a_column_in_the_order_of_versions(table: Any, tmp_path: Path) -> None:
    """5.10 before 6.1 before 6.12; a newer look at a version takes the place of the older one."""
    kept = tmp_path / "kernels.json"
    for release in ("6.12.9-amd64", "5.10.0-46-cloud-amd64", "6.1.0-1", "6.1.0-56-cloud-amd64"):
        table.keep(tried(release, rw="tracepoint"), kept)
    assert list(table.read(kept)) == ["5.10", "6.1", "6.12"]
    assert table.read(kept)["6.1"]["kernel"] == "6.1.0-56-cloud-amd64"
    assert table.read(tmp_path / "none.json") == {}


def test_a_reason_stands_once_below_the_table(table: Any, tmp_path: Path) -> None:
    """The same one by the same letter; a probe that is newer than a kernel's look was not tried."""
    kept = tmp_path / "kernels.json"
    old = tried("5.10.0", rw="tracepoint", exits="no:no a|b", forks="no:no a|b")
    table.keep({**old, "apart": ["rw"]}, kept)
    table.keep(tried("6.1.0", rw="raw|tracepoint", exits="no:other"), kept)
    assert table.markdown(table.read(kept)).splitlines() == [
        "| probe | 5.10 | 6.1 |",
        "|---|---|---|",
        "| rw | tracepoint | raw\\|tracepoint |",
        "| exits | no (a) | no (b) |",
        "| forks | no (a) | not tried |",
        "| at once | 1 of 2 | 1 of 2 |",
        "",
        "Kernels: 5.10.0, 6.1.0. Not in one module with the others: rw on 5.10. (a) no a\\|b. (b) other.",
    ]


def test_in_short_what_fared_the_same_shares_a_row(table: Any, tmp_path: Path) -> None:
    """In the order of the first of each."""
    kept = tmp_path / "kernels.json"
    table.keep(tried("6.1.0", rw="tracepoint", exits="raw", forks="tracepoint"), kept)
    assert table.markdown(table.read(kept), short=True).splitlines()[2:4] == [
        "| rw, forks | tracepoint |",
        "| exits | raw |",
    ]
