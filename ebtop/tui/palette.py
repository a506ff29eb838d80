"""Roles become styles: one accent, two greys, three colours that mean something; knows nothing of what is drawn.

A role is a word: text, strong, dim, faint, rule, accent, good, warn, bad, bar, idle, cursor. The colours come from the
theme's variables; on terminals with 16 colours or none, from the terminal's own, so that no role can vanish.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.theme import Theme

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
)


def has_few_colours(environ: Mapping[str, str]) -> bool:
    """Whether to use the terminal's own 16 colours: it has no more, or the user asked for none (no-color.org)."""
    if "NO_COLOR" in environ:
        return True
    term = environ.get("TERM", "")
    return environ.get("COLORTERM", "") not in ("truecolor", "24bit") and "256" not in term and "direct" not in term


def styles(variables: Mapping[str, str] | None) -> dict[str, Style]:
    """The style of each role from a theme's variables; None: from the terminal's own 16 colours and attributes."""
    return _of_theme(variables) if variables else _of_terminal()


def _of_theme(variables: Mapping[str, str]) -> dict[str, Style]:
    colour = {
        "text": variables["foreground"],
        "strong": variables["ebtop-strong"],
        "dim": variables["ebtop-dim"],
        "faint": variables["ebtop-faint"],
        "rule": variables["ebtop-rule"],
        "accent": variables["accent"],
        "bar": variables["accent"],
        "idle": variables["ebtop-idle"],
        "good": variables["success"],
        "warn": variables["warning"],
        "bad": variables["error"],
    }
    bold = {"strong", "accent", "bad"}
    roles = {role: Style(color=value, bold=role in bold or None) for role, value in colour.items()}
    return {
        **roles,
        "cursor": Style(bgcolor=variables["ebtop-cursor"]),
        "key": roles["accent"],
        "pointer": Style(color=variables["ebtop-strong"], bold=True),
    }


def _of_terminal() -> dict[str, Style]:
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
    }
