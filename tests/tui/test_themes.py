"""Themes: everything can be read in all of them, and they change while the dashboard runs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from textual.theme import BUILTIN_THEMES, Theme

from ebtop.settings import OWN_THEMES, RAMPS, THEMES, Settings
from ebtop.tui import palette
from ebtop.tui.colours import contrast, lightness, luminance, rgb
from ebtop.tui.ramp import STEPS, colours, ramp
from ebtop.tui.widgets.lines import Lines
from tests.tui.scenes import dashboard, shown, text

COLOURED = [theme for theme in BUILTIN_THEMES.values() if not theme.ansi]
ALL = pytest.mark.parametrize("theme", [palette.TRUE_COLOUR, palette.LIGHT, *COLOURED], ids=lambda theme: theme.name)
READ = ("text", "strong", "accent", "good", "warn", "bad")
BESIDE = ("dim", "faint")


def test_the_names_of_themes_are_those_there_are() -> None:
    """They stand in the settings without Textual."""
    assert set(THEMES) <= {*OWN_THEMES, *(theme.name for theme in COLOURED)}
    assert len(set(THEMES)) == len(THEMES)


@ALL
def test_text_can_be_read_on_the_ground_of_every_theme(theme: Theme) -> None:
    """WCAG's contrast of 4.5, of what stands beside it 3; rules and idle bars are seen."""
    roles = palette.mixed(theme)
    assert {role: contrast(roles[role], roles["ground"]) for role in READ} == pytest.approx(
        {role: max(4.5, contrast(roles[role], roles["ground"])) for role in READ}
    )
    for role in BESIDE:
        assert contrast(roles[role], roles["ground"]) >= 3.0, role
    assert contrast(roles["rule"], roles["ground"]) >= 1.25
    assert contrast(roles["idle"], roles["ground"]) >= 1.7


@ALL
def test_text_can_be_read_under_the_cursor(theme: Theme) -> None:
    """Whose ground differs from that of the others, a little."""
    roles = palette.mixed(theme)
    for role in READ:
        assert contrast(roles[role], roles["cursor"]) >= 4.4, role
    assert contrast(roles["dim"], roles["cursor"]) >= 3.0
    assert 1.05 <= contrast(roles["cursor"], roles["ground"]) <= 1.6


@ALL
def test_text_can_be_read_in_the_boxes_of_a_flame_graph(theme: Theme) -> None:
    """On a ground of their own, in each; grounds differ from one another and from the screen's, a little."""
    roles = palette.styles(theme, "grey")
    grounds = {}
    for kind in ("flame", "flame-kernel", "flame-none", "flame-program", "flame-cursor"):
        style = roles[kind]
        assert style.color and style.color.triplet and style.bgcolor and style.bgcolor.triplet
        assert contrast(style.color.triplet.hex, style.bgcolor.triplet.hex) >= 4.4, kind
        assert roles[f"{kind}-edge"].bgcolor == style.bgcolor
        grounds[kind] = style.bgcolor.triplet.hex
    assert len({*grounds.values(), palette.mixed(theme)["ground"]}) == 6


@ALL
def test_strong_stands_out_from_text_and_text_from_dim(theme: Theme) -> None:
    """In this order, also where a theme has little contrast."""
    roles = palette.mixed(theme)
    order = [contrast(roles[role], roles["ground"]) for role in ("strong", "text", "dim", "faint", "rule")]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == len(order)


def seen(colour: str, blindness: str) -> str:
    """`colour` as it is seen (Viénot, Brettel, Mollon 1999, in linear RGB)."""
    red, green, blue = ((part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4) for part in rgb(colour))
    first = {"protan": (0.11238, 0.88762, 0.0), "deutan": (0.29275, 0.70725, 0.0)}[blindness]
    third = {"protan": (0.00401, -0.00401, 1.0), "deutan": (-0.02234, 0.02234, 1.0)}[blindness]
    yellow = first[0] * red + first[1] * green
    violet = third[0] * red + third[1] * green + blue
    return "#" + "".join(f"{_encoded(part):02x}" for part in (yellow, yellow, violet))


def _encoded(part: float) -> int:
    part = min(1.0, max(0.0, part))
    return round(255 * (12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055))


@ALL
@pytest.mark.parametrize("name", RAMPS)
def test_a_ramp_goes_away_from_the_ground_step_by_step(theme: Theme, name: str) -> None:
    """By lightness, in steps of nearly equal size, also for who does not tell red from green."""
    ground = palette.mixed(theme)["ground"]
    steps = colours(name, ground)
    assert len(steps) == STEPS + 1
    away = [abs(lightness(colour) - lightness(ground)) for colour in steps]
    assert all(later - before > 2.5 for before, later in pairwise(away))
    for blindness in ("protan", "deutan"):
        light = [luminance(seen(colour, blindness)) for colour in steps]
        assert light == sorted(light, reverse=luminance(ground) > 0.3)


def test_a_ramp_is_read_by_its_glyphs_alone() -> None:
    """Denser for more; nothing is blank, and more than nothing is not; the most is full."""
    order = " ·░▒▓█"
    drawn = [ramp(share / 64) for share in range(65)]
    assert [order.index(glyph) for glyph, _ in drawn] == sorted(order.index(glyph) for glyph, _ in drawn)
    assert [role for _, role in drawn] == sorted(role for _, role in drawn)
    assert drawn[0] == (" ", "ramp0") == ramp(float("nan"))
    assert drawn[-1] == ("█", "ramp8") == ramp(7.0)
    assert ramp(1e-9)[0] == "·"
    assert {glyph for glyph, _ in drawn} == set(order)
    for steps in range(1, STEPS + 1):
        assert ramp(1.0, steps) == ("█", "ramp8")
        assert len({ramp(share / 97, steps) for share in range(1, 98)}) == steps


def test_every_role_has_a_style_with_sixteen_colours_too() -> None:
    """None can vanish."""
    assert palette.styles(None, "cividis").keys() | {"ground"} == palette.styles(palette.LIGHT, "grey").keys()


async def test_a_theme_of_the_settings_is_worn_from_the_start() -> None:
    """Its ground is the screen's."""
    app = dashboard(settings=Settings(theme="solarized-light"))
    async with shown(app):
        assert app.screen.styles.background.hex.lower() == "#fdf6e3"
        assert app.roles["text"] == palette.styles(BUILTIN_THEMES["solarized-light"], "cividis")["text"]


async def test_the_palette_changes_the_theme_of_everything_drawn() -> None:
    """Every widget is painted anew, though its text stays the same."""
    app = dashboard()
    async with shown(app) as pilot:
        await pilot.press("colon", *"theme nord", "enter")
        await pilot.pause()
        await pilot.pause()
        assert app.theme == "nord"
        assert "theme nord" in text(app)
        grounds = {
            segment.style.bgcolor.triplet.hex
            for lines in app.screen.query(Lines)
            if lines.display and lines.size.height
            for segment in lines.render_line(lines.size.height - 1)
            if segment.style and segment.style.bgcolor and segment.style.bgcolor.triplet
        }
        assert grounds == {"#2e3440"}


async def test_a_terminal_with_few_colours_has_no_themes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own colours are used; the palette offers no others."""
    monkeypatch.setenv("NO_COLOR", "1")
    app = dashboard(settings=Settings(theme="nord"))
    async with shown(app) as pilot:
        assert app.theme == "ebtop-16"
        assert "System calls" in text(app)
        await pilot.press("colon", *"theme")
        await pilot.pause()
        assert "dracula" not in text(app)
