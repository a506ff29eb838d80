"""What the keys do, in groups; three lines each, the work stands in the widgets and pure functions."""

from __future__ import annotations

from ebtop.tui.acting.braking import Braking
from ebtop.tui.acting.files import Files
from ebtop.tui.acting.looking import Looking
from ebtop.tui.acting.moving import Moving
from ebtop.tui.acting.pages import Pages
from ebtop.tui.acting.probes import Probes
from ebtop.tui.acting.time import Time
from ebtop.tui.acting.triage import Triaging


class Actions(Pages, Probes, Moving, Looking, Time, Files, Braking, Triaging):
    """All of them, mixed into the dashboard."""
