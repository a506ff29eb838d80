"""Roles become styles: one accent, two greys, three colours that mean something; knows nothing of what is drawn.

A role is a word: text, strong, dim, faint, rule, accent, good, warn, bad, bar, idle, cursor, ramp0 to ramp8, and those
of the boxes of flame graphs, which have a ground of their own: flame, flame-kernel and so on, and their edges. Colours
come from the theme; those it does not name are mixed of those it does, until they can be read. On terminals with 16
colours or none they are the terminal's own, so that no role can vanish.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.theme import Theme

from ebtop.tui.colours import blend, contrast, readable
from ebtop.tui.ramp import STEPS, colours

_VARIABLES = {
    "ebtop-dim": "#8b93a1",
    "ebtop-faint": "#5d6470",
    "ebtop-rule": "#363c47",
    "ebtop-idle": "#41637a",
    "ebtop-cursor": "#232a35",
    "ebtop-strong": "#f2f4f8",
}
TRUE_COLOUR = Theme(
    "ebtop",
    primary="#6cb6eb",
    accent="#6cb6eb",
    foreground="#c6ccd6",
    background="#0f1216",
    surface="#0f1216",
    panel="#161a20",
    success="#7fc99a",
    warning="#e3b567",
    error="#ee7f7f",
    variables=_VARIABLES,
)
LIGHT = Theme(
    "ebtop-light",
    primary="#1f6fa8",
    accent="#1f6fa8",
    foreground="#2b3038",
    background="#fafbfc",
    surface="#fafbfc",
    panel="#eef0f3",
    success="#27794a",
    warning="#8f5f00",
    error="#c0343a",
    dark=False,
)
FEW_COLOURS = Theme(
    "ebtop-16",
    primary="ansi_cyan",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    ansi=True,
    variables={"ansi-background": "ansi_default", "ansi-foreground": "ansi_default"},  # Screen's style sheet wants them
)


Roles = dict[str, Style]

_TEXT, _DIM, _FAINT, _RULE, _IDLE = 4.5, 3.6, 3.0, 1.3, 1.8
"""Least contrast on the ground: of text that has to be read (WCAG 2.2, 1.4.3), of what stands beside it, of shapes."""


def styles(theme: Theme | None, ramp: str) -> Roles:
    """The style of each role in a theme, ramps by name; None: from the terminal's own 16 colours and attributes."""
    return _of_theme(mixed(theme), ramp) if theme is not None else _of_terminal()


def mixed(theme: Theme) -> dict[str, str]:
    """The colour of each role, and of the "ground", as "#rrggbb"."""
    system = theme.to_color_system().generate()
    ground, text = system["background"], system["foreground"]
    named = {
        role: theme.variables.get(f"ebtop-{role}", "") for role in ("dim", "faint", "rule", "idle", "cursor", "strong")
    }
    accent = system["primary"]
    cursor = named["cursor"] or _cursor(ground, accent)
    both = (ground, cursor)
    text = readable(text, both, _TEXT)
    return {
        "ground": ground,
        "cursor": cursor,
        "text": text,
        "strong": named["strong"] or readable(blend(text, _pole(ground), 0.5), both, _TEXT),
        "dim": named["dim"] or readable(blend(text, ground, 0.35), both, _DIM),
        "faint": named["faint"] or readable(blend(text, ground, 0.55), both, _FAINT),
        "rule": named["rule"] or readable(blend(text, ground, 0.8), (ground,), _RULE),
        "idle": named["idle"] or readable(blend(accent, ground, 0.55), (ground,), _IDLE),
        "accent": readable(accent, both, _TEXT),
        "good": readable(system["success"], both, _TEXT),
        "warn": readable(system["warning"], both, _TEXT),
        "bad": readable(system["error"], both, _TEXT),
    }


def _pole(ground: str) -> str:
    return max(("#ffffff", "#000000"), key=lambda end: contrast(end, ground))


def _cursor(ground: str, accent: str) -> str:
    """The ground of the row under the cursor: a breath of the accent."""
    return blend(ground, accent, 0.13)


def _of_theme(colour: Mapping[str, str], ramp: str) -> Roles:
    bold = {"strong", "accent", "bad"}
    roles = {role: Style(color=value, bold=role in bold or None) for role, value in colour.items()}
    roles |= {f"ramp{step}": Style(color=value) for step, value in enumerate(colours(ramp, colour["ground"]))}
    return {
        **roles,
        **_boxes(colour),
        "bar": Style(color=colour["accent"]),
        "cursor": Style(bgcolor=colour["cursor"]),
        "key": roles["accent"],
        "pointer": Style(color=colour["strong"], bold=True),
    }


def _boxes(colour: Mapping[str, str]) -> Roles:
    """Grounds of boxes: a breath of a colour each; edges are gaps between them."""
    ground = colour["ground"]
    mixtures = {
        "flame": ("text", blend(ground, colour["accent"], 0.24)),
        "flame-kernel": ("text", blend(ground, colour["warn"], 0.24)),
        "flame-none": ("dim", blend(ground, colour["text"], 0.1)),
        "flame-program": ("strong", blend(ground, colour["text"], 0.2)),
        "flame-cursor": ("ground", colour["accent"]),
    }
    roles = {}
    for role, (text, box) in mixtures.items():
        roles[role] = Style(color=readable(colour[text], (box,), _TEXT), bgcolor=box, bold=role == "flame-cursor")
        roles[f"{role}-edge"] = Style(color=ground, bgcolor=box)
    return roles


def _of_terminal() -> Roles:
    dim = Style(color="bright_black")
    accent = Style(color="cyan", bold=True)
    return {
        "text": Style(),
        "strong": Style(bold=True),
        "dim": dim,
        "faint": dim,
        "rule": dim,
        "accent": accent,
        "bar": Style(color="cyan"),
        "idle": Style(color="blue"),
        "good": Style(color="green"),
        "warn": Style(color="yellow", bold=True),
        "bad": Style(color="red", bold=True),
        "cursor": Style(reverse=True),
        "key": accent,
        "pointer": Style(bold=True, reverse=True),
        **{f"ramp{step}": Style() for step in range(STEPS + 1)},
        "flame": Style(color="cyan"),
        "flame-kernel": Style(color="yellow"),
        "flame-none": dim,
        "flame-program": Style(bold=True),
        "flame-cursor": Style(bold=True, reverse=True),
        **{f"flame{kind}-edge": dim for kind in ("", "-kernel", "-none", "-program", "-cursor")},
    }
