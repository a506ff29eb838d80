"""Keys and units of one's own: everything that names a key names the one that works."""

from __future__ import annotations

from ebtop import units
from ebtop.settings import Settings
from ebtop.tui.columns import fitted
from ebtop.units import Unit
from tests.samples import failed, sample, session, with_probe
from tests.tui.scenes import DEFAULT, dashboard, lines, shown, text

OWN = Settings(keys={"pause": ("x", "F9"), "log": ("l",), "help": ("X",), "filter": ()})


async def test_a_changed_key_works_and_the_usual_one_does_not() -> None:
    """The others stay."""
    app = dashboard(settings=OWN)
    async with shown(app) as pilot:
        held = []
        for key in ("space", "p", "x", "f9"):
            await pilot.press(key)
            held.append(app.paused)
        assert held == [False, False, True, False]
        await pilot.press("m")
        assert app.is_maximised


async def test_footer_help_palette_and_panels_name_the_changed_keys() -> None:
    """An action without a key is in none of them but the palette."""
    last = with_probe(sample(39, DEFAULT), "rw", failed())
    app = dashboard(*session(39, DEFAULT), last, settings=OWN)
    async with shown(app, (160, 40)) as pilot:
        assert "x pause" in lines(app)[-1]
        assert "filter" not in lines(app)[-1]
        assert "l shows the log" in text(app)
        await pilot.press("X", "G")
        await pilot.pause()
        assert "x, F9" in text(app)
        await pilot.press("X")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        await pilot.press("colon", *"hold")
        await pilot.pause()
        assert "x, F9" in text(app)


async def test_every_table_is_the_apps_own() -> None:
    """A second dashboard is not touched by the first."""
    assert dashboard(settings=OWN).keys != dashboard().keys
    assert dashboard()._bindings.key_to_bindings.keys() != dashboard(settings=OWN)._bindings.key_to_bindings.keys()


async def test_u_goes_through_the_ways_to_write_bytes() -> None:
    """Everything on the screen follows at once, wherever it was kept: rows, rates, trend, columns."""
    app = dashboard(settings=Settings(probes=("rw",)), wanted=("rw",))
    async with shown(app) as pilot:
        await pilot.press("m")
        await pilot.pause()
        assert " MB" in text(app)
        usual = text(app)
        await pilot.press("u")
        await pilot.pause()
        assert " MiB" in text(app)
        assert " MB" not in text(app)
        await pilot.press("u")
        await pilot.pause()
        assert " Mbit" in text(app)
        assert " MiB" not in text(app)
        await pilot.press("u")
        await pilot.pause()
        assert units.style().name == "si"
        assert text(app).splitlines()[:-2] == usual.splitlines()[:-2]


async def test_a_still_panel_follows_as_well() -> None:
    """Though nothing new has come in."""
    app = dashboard(settings=Settings(units="bits"))
    async with shown(app) as pilot:
        assert "bit/s" in text(app)
        await pilot.press("u")
        await pilot.pause()
        assert "bit/s" not in text(app)
        assert "MB/s" in text(app)


def test_columns_have_room_for_the_longest_number() -> None:
    """In each style, so that nothing jumps when a number grows."""
    from ebtop import registry
    from ebtop.spec import Table

    for style in units.STYLES:
        units.use(style.name)
        longest = max(len(units.text(2 ** (step / 16), Unit.BYTES)) for step in range(16 * 50))
        assert longest == units.number_width(Unit.BYTES)
        for probe in registry.probes().values():
            for view in probe.views:
                if isinstance(view, Table):
                    slots, _ = fitted(view, 200, view.sort)
                    assert all(slot.cells >= longest for slot in slots if slot.unit is Unit.BYTES)


async def test_snapshots_do_not_depend_on_how_numbers_are_written() -> None:
    """JSON is raw."""
    from ebtop.export.json import encode

    app = dashboard(settings=Settings(units="bits"))
    async with shown(app) as pilot:
        assert app.frame is not None
        before = encode(app.frame)
        await pilot.press("u")
        assert encode(app.frame) == before
