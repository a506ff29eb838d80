"""What parents hand down to a panel: one probe at one moment and how the user looks at it; only data."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ebtop.baseline import compare, spread_before, spread_since
from ebtop.derive import counted_from
from ebtop.grouping import Grouping, regroup
from ebtop.spec import Events, Flame, Histogram, Probe, Table

if TYPE_CHECKING:
    from ebtop.baseline import Baseline
    from ebtop.frame import EventsFrame, FlameFrame, Frame, HistogramFrame, ProbeFrame, TableFrame, ViewFrame
    from ebtop.heat import Heat
    from ebtop.tui.tablelines import ViewState
    from ebtop.zero import Zero


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
    heat: Heat | None = field(default=None, compare=False)
    """The histogram over time, where the heatmap is shown."""
    fresh: bool = False
    """Switched on again: its counters began at zero a moment ago."""
    log_key: str = "L"
    """What opens the log."""
    grouping: Grouping = Grouping.PROCESS
    baseline: Baseline | None = None
    """What everything is compared with."""
    zero: Zero | None = None
    """From where the probe is counted; None: from its start."""
    slot: str = ""
    """The digit that toggles it, "" for none."""

    @property
    def shown(self) -> ProbeFrame | None:
        """The probe in the frame; None where the source has not said anything about it."""
        shown = self.frame.probes.get(self.probe.name) if self.frame else None
        if shown is None or self.frame is None or self.zero is None:
            return shown
        return counted_from(shown, self.zero, self.frame.sample.monotonic_ns)

    @property
    def since(self) -> str:
        """The time of day from which what is seen is counted; "": from the start."""
        shown = self.frame.probes.get(self.probe.name) if self.frame and self.zero else None
        if shown is None or self.zero is None or self.frame is None:
            return ""
        holds = self.zero.holds(shown.sample, self.frame.sample.monotonic_ns)
        return time.strftime("%H:%M:%S", time.localtime(self.zero.wall_ns // 10**9)) if holds else ""

    @property
    def is_live(self) -> bool:
        """Whether there is something to show besides a state."""
        shown = self.shown
        return shown is not None and shown.sample.state.value == "live"

    @property
    def listed(self) -> tuple[Table | Events | Flame, ...]:
        """The probe's tables, event lists and flame graphs."""
        return tuple(view for view in self.probe.views if isinstance(view, Table | Events | Flame))

    @property
    def view(self) -> Table | Events | Flame | None:
        """The one of these that is chosen."""
        views = self.listed
        return views[(self.state.view if self.state else 0) % len(views)] if views else None

    @property
    def rows(self) -> TableFrame | EventsFrame | None:
        """The chosen view's content, grouped and compared."""
        from ebtop.frame import EventsFrame, TableFrame

        content = self._content
        if isinstance(content, TableFrame) and self.frame is not None:
            return self._compared(regroup(content, self.frame, self.grouping))
        return content if isinstance(content, EventsFrame) else None

    @property
    def flame(self) -> FlameFrame | None:
        """The chosen view's stacks, where it is a flame graph."""
        from ebtop.frame import FlameFrame

        content = self._content
        return content if isinstance(content, FlameFrame) else None

    @property
    def is_flame(self) -> bool:
        """Whether the chosen view is a flame graph, whatever there is to be drawn."""
        return isinstance(self.view, Flame)

    @property
    def stacks(self) -> FlameFrame | None:
        """The probe's stacks, whichever view is chosen; None where it has none."""
        from ebtop.frame import FlameFrame

        shown = self.shown
        for view in self.probe.views if shown else ():
            content = shown.views.get(view.name) if shown and isinstance(view, Flame) else None
            if isinstance(content, FlameFrame):
                return content
        return None

    @property
    def _content(self) -> ViewFrame | None:
        view, shown = self.view, self.shown
        return shown.views.get(view.name) if shown and view else None

    def _compared(self, table: TableFrame) -> TableFrame:
        """`table` beside the baseline, in the column that orders it, the view's own where that is a name."""
        from ebtop.frame import TableFrame

        then = self.baseline.frame.probes.get(self.probe.name) if self.baseline else None
        earlier = then.views.get(table.view.name) if then else None
        if self.baseline is None or then is None or self.shown is None or not isinstance(earlier, TableFrame):
            return table
        earlier = regroup(earlier, self.baseline.frame, self.grouping)
        sort = self.state.sort_of(table.view) if self.state else table.view.sort
        name = sort if sort in table.columns else table.view.sort
        one_count = not self.since and then.sample.started_ns == self.shown.sample.started_ns
        return compare(table, earlier, name, one_count)

    @property
    def histogram(self) -> HistogramFrame | None:
        """The probe's first histogram that counted anything; tables are not even derived for it."""
        from ebtop.frame import HistogramFrame

        shown = self.shown
        for view in self.probe.views if shown else ():
            content = shown.views.get(view.name) if shown and isinstance(view, Histogram) else None
            if isinstance(content, HistogramFrame) and content.totals.any():
                return content
        return None

    def spreads(self, data: HistogramFrame) -> tuple[HistogramFrame, HistogramFrame] | None:
        """`data` since the mark, and in the stretch before it; None without a baseline, or where it has none."""
        if self.baseline is None or self.frame is None:
            return None
        since = spread_since(self.baseline, self.frame, self.probe, data.view)
        before = spread_before(self.baseline, self.probe, data.view)
        return (since, before) if since is not None and before is not None else None

    @property
    def is_before_mark(self) -> bool:
        """Whether this is a moment before the baseline was marked."""
        return self.baseline is not None and self.frame is not None and self.baseline.age_s(self.frame) < 0

    @property
    def rate_before(self) -> float | None:
        """The headline rate before the mark; None without a baseline, or where it has none."""
        then = self.baseline.frame.probes.get(self.probe.name) if self.baseline else None
        return then.rate if then and then.rate == then.rate else None
