"""Every key does what the help says, over samples of a busy machine."""

from __future__ import annotations

import json
import re

import pytest

from ebtop.tui.keys import KEYS
from tests.tui.scenes import DEFAULT, SMALL, Saved, dashboard, lines, panels, shown, source_of, text


async def test_digits_switch_probes_off_and_on() -> None:
    """The panel goes with the probe, and comes back saying that it counts from zero."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("3")
        assert "opens" not in panels(app)
        assert "opens" not in source_of(app).wanted[-1]
        await pilot.press("3")
        await pilot.pause()
        assert "opens" in panels(app)
        assert "counting from zero" in text(app)


async def test_all_probes_can_be_off() -> None:
    """No panel is left, and the source is told so."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press(*"12345678")
        await pilot.pause()
        assert panels(app) == []
        assert source_of(app).wanted[-1] == ()


async def test_tab_and_arrows_move_between_panels() -> None:
    """In the order of the slots, and by where panels lie."""
    app = dashboard()
    async with shown(app) as pilot:
        assert app.focused_probe == "syscalls"
        await pilot.press("tab")
        assert app.focused_probe == "rw"
        await pilot.press("shift+tab", "shift+tab")
        assert app.focused_probe == DEFAULT[-1]
        await pilot.press("tab", "down")
        assert app.focused_probe == "opens"
        await pilot.press("right")
        assert app.focused_probe == "exec"


@pytest.mark.parametrize("key", ["m", "z"])
async def test_a_panel_is_maximised_and_restored(key: str) -> None:
    """m and z there; Escape and the same keys back."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press(key)
        assert app.main.has_class("maximised")
        await pilot.press("escape")
        assert not app.main.has_class("maximised")
        await pilot.press(key, key)
        assert not app.main.has_class("maximised")


async def test_rows_are_walked() -> None:
    """j, k, Home, G, half pages: the cursor stays among the rows."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m", "j", "j", "k")
        assert app.views["syscalls"].cursor == 1
        await pilot.press("ctrl+d")
        await pilot.pause()
        assert app.views["syscalls"].cursor > 1
        await pilot.press("home", "k")
        await pilot.pause()
        assert app.views["syscalls"].cursor == 0
        await pilot.press("G", "j")
        await pilot.pause()
        table = app.drawn()
        assert table is not None
        assert app.views["syscalls"].cursor == table.shown - 1


async def test_a_filter_leaves_matching_rows_and_escape_clears_it() -> None:
    """By program, by negation, and all again."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m", "slash", *"comm:postgres", "enter")
        await pilot.pause()
        table = app.drawn()
        assert table is not None
        assert 0 < table.shown < table.whole
        assert app.views["syscalls"].filter == "comm:postgres"
        await pilot.press("escape")
        await pilot.pause()
        assert app.views["syscalls"].filter == ""
        assert app.is_maximised


async def test_columns_are_sorted_and_turned_round() -> None:
    """The mark in the heading moves; the order of rows is reversed."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("m")
        await pilot.pause()
        first = app.drawn()
        await pilot.press("r")
        await pilot.pause()
        turned = app.drawn()
        assert first is not None
        assert turned is not None
        assert first.row.names != turned.row.names
        assert "calls/s▴" in text(app)
        await pilot.press("s")
        await pilot.pause()
        assert "errors/s▾" in text(app)
        await pilot.press("less_than_sign")
        await pilot.pause()
        assert "calls/s▾" in text(app)


async def test_a_pause_holds_the_screen_while_collection_goes_on() -> None:
    """What comes in meanwhile is shown when the pause ends."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("space")
        assert "PAUSED" in lines(app)[0]
        await pilot.press("space")
        await pilot.pause()
        assert "LIVE" in lines(app)[0]


async def test_the_interval_is_changed() -> None:
    """+ is slower, - is faster; the source is told."""
    app = dashboard()
    async with shown(app) as pilot:
        before = app.interval
        await pilot.press("plus")
        slower = app.interval
        assert slower > before
        await pilot.press("minus", "minus")
        assert app.interval < slower


async def test_a_snapshot_is_saved_and_its_place_told() -> None:
    """All that was collected, as JSON; what cannot be written is said, and the dashboard goes on."""
    saved = Saved()
    app = dashboard(save=saved)
    async with shown(app) as pilot:
        await pilot.press("S")
        await app.workers.wait_for_complete()
        await pilot.pause()
        ((name, content),) = saved.files.items()
        assert f"/home/ada/{name}" in text(app)
        assert set(json.loads(content)["probes"]) == set(DEFAULT)
        saved.error = OSError(28, "No space left on device", "x.json")
        await pilot.press("S")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "No space left on device" in text(app)


@pytest.mark.parametrize(("key", "says"), [("question_mark", "what is missed"), ("L", "log"), ("colon", "quit")])
async def test_pages_open_and_close(key: str, says: str) -> None:
    """Help, log and palette lie over the screen until Escape."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert len(app.screen_stack) == 2
        assert says in text(app).lower() or says in str(app.notices.lines).lower() or key == "question_mark"
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize("key", ["q", "f10", "ctrl+c"])
async def test_it_quits(key: str) -> None:
    """With status 0."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press(key)
    assert app.return_code == 0


async def test_no_key_that_the_help_names_does_harm() -> None:
    """All of them, one after another, in the overview and maximised."""
    app = dashboard()
    quitting = {"quit"}
    async with shown(app, SMALL) as pilot:
        for key in [key for row in KEYS if row.action not in quitting for key in row.keys]:
            await pilot.press(key)
            await pilot.press("escape")
        assert app.return_code is None


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (61, 90), (120, 40), (300, 16), (300, 90), (30, 5)])
@pytest.mark.parametrize("maximised", [False, True], ids=["overview", "focus"])
async def test_every_size_is_filled_and_nothing_more(size: tuple[int, int], maximised: bool) -> None:
    """Lines are as wide as the terminal; below 60x16 one line says what is needed."""
    app = dashboard()
    async with shown(app) as pilot:
        if maximised:
            await pilot.press("m")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert len(lines(app)) == size[1]
        assert ("needs" in text(app)) == (size == (30, 5))


@pytest.mark.parametrize("key", [key for row in KEYS for key in row.keys if row.action != "quit"])
async def test_each_key_stands_that_no_probe_is_on(key: str) -> None:
    """There is nothing to sort, filter or explain, and that is no reason to end."""
    app = dashboard(wanted=())
    async with shown(app) as pilot:
        await pilot.press(key, "escape", "escape")
        await pilot.pause()
        assert app._exception is None
        assert app.is_running


async def test_what_is_typed_is_not_disturbed_by_a_probe_that_is_switched_off() -> None:
    """The brake may do so at any time: letters stay letters, and the filter stays that of the panel it is for."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("slash", "p")
        app.want(tuple(name for name in app.wanted if name != "syscalls"), by_hand=False)
        await pilot.pause()
        await pilot.press("q", "escape")
        await pilot.pause()
        assert app.is_running
        assert {state.filter for state in app.views.values()} == {""}
        assert app.main.focused is app.main.query_one("#panel-rw")


async def test_the_keys_of_a_process_are_those_that_do_something_there() -> None:
    """Back is one of them; views, groups and baselines belong to whole tables."""
    app = dashboard()
    async with shown(app, (200, 60)) as pilot:
        assert "Esc back" not in lines(app)[-1]
        await pilot.press("enter")
        await pilot.pause()
        assert "Esc back" in lines(app)[-1]
        assert not {"v next view", "g group", "b baseline"} & set(re.split(r"   +", lines(app)[-1]))


async def test_enter_on_the_palette_does_not_quit() -> None:
    """Quitting is not the first choice."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("colon", "enter")
        await pilot.pause()
        assert app.is_running
        assert app.return_code is None
