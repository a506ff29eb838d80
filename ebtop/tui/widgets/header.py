"""The first line of the screen; a thin shell around titles.header."""

from __future__ import annotations

from textual.reactive import reactive

from ebtop.tui.titles import Headline, header
from ebtop.tui.widgets.lines import Lines


class Header(Lines):
    """Machine, meters, ebtop's own cost, and whether what is seen is live."""

    data: reactive[Headline] = reactive(Headline, repaint=False)

    def watch_data(self) -> None:
        """Draw what changed."""
        if self.size.width:
            self.show([header(self.data, self.size.width)])

    def on_resize(self) -> None:
        """Parts come and go with the width."""
        self.watch_data()
