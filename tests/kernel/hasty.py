"""ebtop whose long waits are short: `python -m tests.kernel.hasty …`. What it does in them, and after, is the same.

How long they really are is held by the tests of the parts that wait, by clocks of their own.
"""

from __future__ import annotations

import sys

from ebtop import brake
from ebtop.cli import main
from ebtop.triage import rules

if __name__ == "__main__":
    brake.START_S, brake._ABOVE_S = 3.0, 2.0
    rules.SECONDS = 3.0
    sys.exit(main())
