"""One process on the whole stage: opened from any row, everything that running probes know of it, and back."""

from __future__ import annotations

import io

import pytest

from ebtop import registry, units
from ebtop.derive import derive
from ebtop.recording import read
from ebtop.sample import Target
from ebtop.tui import clipboard
from ebtop.tui.columns import slots
from ebtop.tui.processlines import Looking, process_lines
from tests.samples import session
from tests.tui.scenes import DEFAULT, Saved, dashboard, lines, shown, source_of, text


async def test_a_row_opens_its_process_and_escape_goes_back() -> None:
    """Who it is stands above, and the source is asked for its details while it is open."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        pid = app.process
        name = app.frame.sample.processes[pid].name if app.frame else ""
        assert lines(app)[1].startswith(f"─ {name} {pid} ")
        assert f"/usr/bin/{name} --config" in lines(app)[2]
        assert "parent systemd 1" in lines(app)[3]
        await pilot.press("escape")
        await pilot.pause()
        assert app.process == 0
        assert "System calls" in lines(app)[1]
        assert source_of(app).inspected == [pid, 0]


async def test_a_process_shows_only_its_own_rows() -> None:
    """Each panel's rate is that of the process; what has seen nothing of it is named."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        drawn = app.looking()
        assert drawn.frame is not None
        table = drawn.frame.probes["syscalls"].views["by_process"]
        rates = table.columns["calls_per_second"]  # type: ignore[union-attr]  # a table
        own = float(rates[table.keys["pid"] == app.process][0])  # type: ignore[union-attr]
        assert own > 0
        assert lines(app)[4].startswith("─1 System calls ─")
        assert units.rate(own) in lines(app)[4][:60]


async def test_a_panel_of_a_process_is_maximised_with_its_rows() -> None:
    """Tab chooses the panel, Enter opens it whole, filtered by the process."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        pid = app.process
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert app.is_maximised
        assert app.views[app.focused_probe].filter == f"pid:{pid}"


async def test_rows_of_a_process_are_walked_and_sorted() -> None:
    """The keys of tables work in its panels, and leave the overview's tables as they were."""
    app = dashboard(*session(40, DEFAULT, rows=60))
    async with shown(app) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("j", "s", "r", "down", "up", "right", "left", "shift+tab")
        await pilot.pause()
        assert app.process
        assert app.views["syscalls"].cursor == 0
        assert "calls_per_second" in app.views["syscalls"].sort_of(app.looked("syscalls").view)  # type: ignore[arg-type]


async def test_a_panel_of_a_process_is_sorted_by_each_of_its_columns() -> None:
    """Those are not the columns of the overview's table."""
    app = dashboard(*session(40, DEFAULT, rows=60))
    async with shown(app) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        table = app.drawn()
        assert table is not None
        marks = []
        for _ in slots(table.row.data.view):
            await pilot.press("s")
            await pilot.pause()
            drawn = app.drawn()
            assert drawn is not None
            marks += [word for word in "".join(text for text, _ in drawn.heading).split() if word[-1] in "▾▴"]
        assert len(set(marks)) == len(marks) > 2


async def test_a_process_is_pinned_and_let_go() -> None:
    """The source is told; the header of the process says so."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("enter", "t")
        await pilot.pause()
        assert source_of(app).targets == [Target((app.process,))]
        assert "counted alone" in lines(app)[1]
        await pilot.press("t")
        await pilot.pause()
        assert source_of(app).targets[-1] == Target()
        assert "counted alone" not in lines(app)[1]


async def test_a_process_that_is_gone_keeps_what_was_counted() -> None:
    """And says that it cannot be looked at any more."""
    app = dashboard()
    async with shown(app) as pilot:
        app.open_process(999_999)
        await pilot.pause()
        assert "it has ended" in text(app)
        assert "no running probe has seen anything of this process" in text(app)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 60)])
async def test_a_process_fills_every_size(size: tuple[int, int]) -> None:
    """No line is wider or narrower than the terminal."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.resize_terminal(*size)
        await pilot.press("enter")
        await pilot.pause()
        assert len(lines(app)) == size[1]
        assert {len(line) for line in lines(app)} == {size[0]}


@pytest.mark.parametrize("height", range(16))
def test_a_process_has_as_many_panels_as_there_is_room_for(height: int) -> None:
    """A terminal shrinks before anyone is told, and the stage has any height for a moment."""
    before, now = session(2)
    frame = derive(now, before, registry.probes())
    drawn = process_lines(Looking(frame, 4121), 60, height)
    assert len(drawn.lines) == height
    assert len(drawn.probes) == len(drawn.places)


async def test_a_row_is_copied_with_all_its_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """By OSC 52, and to the desktop where there is one."""
    app = dashboard()
    desktop: list[str] = []

    def copy(cells: str) -> bool:
        desktop.append(cells)
        return True

    monkeypatch.setattr("ebtop.tui.acting.copying.copy", copy)
    async with shown(app) as pilot:
        await pilot.press("y")
        await app.workers.wait_for_complete()
        await pilot.pause()
        cells = app.clipboard.split("\t")
        assert cells[:2] == [str(app.drawn().row.pid), app.drawn().row.names.split()[1]]  # type: ignore[union-attr]
        assert cells[3].endswith(("k", "M"))
        assert desktop == [app.clipboard]
        assert "copied to the terminal's clipboard and the desktop's" in text(app)


def test_a_machine_without_a_desktop_has_no_clipboard_command() -> None:
    """So nothing is started there."""
    assert clipboard.command({}) == ()


async def test_a_recording_is_begun_and_saved_with_the_same_key() -> None:
    """What came in between can be replayed."""
    saved = Saved()
    given = session(43, DEFAULT)
    app = dashboard(*given[:40], save=saved)
    async with shown(app) as pilot:
        await pilot.press("R")
        for sample in given[40:]:
            source_of(app).push(sample)
        await pilot.press("R")
        await app.workers.wait_for_complete()
        await pilot.pause()
        ((name, content),) = saved.files.items()
        assert name.endswith(".ebtop")
        again = list(read(io.BytesIO(content)))
        assert [one.monotonic_ns for one in again] == [one.monotonic_ns for one in given[40:]]


async def test_a_recording_without_a_sample_is_not_saved() -> None:
    """It says why."""
    saved = Saved()
    app = dashboard(save=saved)
    async with shown(app) as pilot:
        await pilot.press("R", "R")
        await pilot.pause()
        assert saved.files == {}
        assert "nothing was recorded" in text(app)
