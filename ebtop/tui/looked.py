"""What parents hand down to a panel: one probe at one moment and how the user looks at it; only data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ebtop.spec import Events, Probe, Table

if TYPE_CHECKING:
    from ebtop.frame import EventsFrame, Frame, HistogramFrame, ProbeFrame, TableFrame
    from ebtop.tui.tablelines import ViewState


@dataclass(frozen=True, slots=True)
class Looked:
    """One probe as it is looked at."""

    probe: Probe
    frame: Frame | None = None
    """None before the first."""
    rates: tuple[float, ...] = ()
    """Headline rates of the past intervals, oldest first."""
    state: ViewState | None = field(default=None, compare=False)
    focused: bool = False
    fresh: bool = False
    """Switched on again: its counters began at zero a moment ago."""
    slot: str = ""
    """The digit that toggles it, "" for none."""

    @property
    def shown(self) -> ProbeFrame | None:
        """The probe in the frame; None where the source has not said anything about it."""
        return self.frame.probes.get(self.probe.name) if self.frame else None

    @property
    def is_live(self) -> bool:
        """Whether there is something to show besides a state."""
        shown = self.shown
        return shown is not None and shown.sample.state.value == "live"

    @property
    def listed(self) -> tuple[Table | Events, ...]:
        """The probe's tables and event lists."""
        return tuple(view for view in self.probe.views if isinstance(view, Table | Events))

    @property
    def view(self) -> Table | Events | None:
        """The table or event list that is chosen."""
        views = self.listed
        return views[(self.state.view if self.state else 0) % len(views)] if views else None

    @property
    def rows(self) -> TableFrame | EventsFrame | None:
        """The chosen view's content."""
        from ebtop.frame import HistogramFrame

        view, shown = self.view, self.shown
        content = shown.views.get(view.name) if shown and view else None
        return None if isinstance(content, HistogramFrame) else content

    @property
    def histogram(self) -> HistogramFrame | None:
        """The probe's first histogram that counted anything."""
        from ebtop.frame import HistogramFrame

        shown = self.shown
        for content in shown.views.values() if shown else ():
            if isinstance(content, HistogramFrame) and content.totals.any():
                return content
        return None
