"""How the screen looks, decided from settings and terminal before anything is drawn; imports no Textual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ebtop.settings import Settings
from ebtop.tui.transliteration import is_needed


@dataclass(frozen=True, slots=True)
class Looks:
    """What cannot change while the screen is there, and the theme it begins with."""

    theme: str = "ebtop"
    ramp: str = "cividis"
    ascii: bool = False
    """Nothing but ASCII is drawn."""
    few_colours: bool = False
    """The terminal's own 16 colours or none: themes do not count."""


def of(settings: Settings, environ: Mapping[str, str]) -> Looks:
    """For these settings on the terminal that `environ` tells of."""
    plain = is_needed(environ) if settings.ascii == "auto" else settings.ascii == "always"
    return Looks(settings.theme, settings.ramp, plain, has_few_colours(environ))


def has_few_colours(environ: Mapping[str, str]) -> bool:
    """Whether to use the terminal's own 16 colours: it has no more, or the user asked for none (no-color.org)."""
    if "NO_COLOR" in environ:
        return True
    term = environ.get("TERM", "")
    return environ.get("COLORTERM", "") not in ("truecolor", "24bit") and "256" not in term and "direct" not in term
