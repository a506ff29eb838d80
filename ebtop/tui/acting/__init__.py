"""What the keys do, in groups; three lines each, the work stands in the widgets and pure functions."""

from __future__ import annotations

from ebtop.tui.acting.asking import Asking
from ebtop.tui.acting.braking import Braking
from ebtop.tui.acting.browsing import Browsing
from ebtop.tui.acting.comparing import Comparing
from ebtop.tui.acting.copying import Copying
from ebtop.tui.acting.files import Files
from ebtop.tui.acting.flames import Flames
from ebtop.tui.acting.looking import Looking
from ebtop.tui.acting.looks import LooksActions
from ebtop.tui.acting.moving import Moving
from ebtop.tui.acting.pages import Pages
from ebtop.tui.acting.probes import Probes
from ebtop.tui.acting.processes import Processes
from ebtop.tui.acting.reported import Reported
from ebtop.tui.acting.saying import Saying
from ebtop.tui.acting.shapes import Shapes
from ebtop.tui.acting.staging import Staging
from ebtop.tui.acting.time import Time
from ebtop.tui.acting.triage import Triaging


class Actions(
    Pages,
    Browsing,
    Probes,
    Moving,
    Looking,
    Comparing,
    LooksActions,
    Asking,
    Shapes,
    Flames,
    Processes,
    Time,
    Files,
    Copying,
    Braking,
    Triaging,
    Saying,
    Staging,
    Reported,
):
    """All of them, mixed into the dashboard."""
