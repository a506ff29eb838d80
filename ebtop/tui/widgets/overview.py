"""The grid of panels; knows which probes are shown and where, not what they show."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Container
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from ebtop.spec import Probe
from ebtop.tui.plan import grid, joint
from ebtop.tui.widgets.panel import Panel


class PanelGrid(Layout):
    """Places panels by ebtop.tui.plan."""

    name = "panels"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:  # noqa: ARG002
        """Panels in the order of their slots."""
        panels = in_order(child for child in children if isinstance(child, Panel))
        places = grid(len(panels), size.width, size.height)
        result = []
        for panel, place in zip(panels, places, strict=False):
            panel.joint = joint(place, places)
            region = Region(place.x, place.y, place.width, place.height)
            result.append(WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, panel))
        return result


def in_order(panels: Iterable[Panel]) -> list[Panel]:
    """`panels` in the order that the app has its probes in, which is that of their slots."""
    return sorted(panels, key=lambda panel: list(panel.dashboard.probes).index(panel.probe.name))


class Overview(Container):
    """One panel for each probe that is wanted."""

    def __init__(self, probes: list[Probe]) -> None:
        super().__init__(*(Panel(probe) for probe in probes), id="overview")
        self.panel_grid = PanelGrid()

    @property
    def layout(self) -> Layout:
        """Always the grid of panels."""
        return self.panel_grid

    @property
    def panels(self) -> list[Panel]:
        """The panels that are shown, in the order of their slots."""
        shown = (child for child in self.children if isinstance(child, Panel) and child.display)
        return in_order(shown)

    def panel(self, name: str) -> Panel | None:
        """The panel of a probe, shown or not."""
        for child in self.children:
            if isinstance(child, Panel) and child.probe.name == name:
                return child
        return None

    def want(self, probes: list[Probe]) -> None:
        """Show a panel for each of `probes` and no other."""
        names = {probe.name for probe in probes}
        for child in self.children:
            child.display = isinstance(child, Panel) and child.probe.name in names
        missing = [Panel(probe) for probe in probes if self.panel(probe.name) is None]
        if missing:
            self.mount(*missing)
