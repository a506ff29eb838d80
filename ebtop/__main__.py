"""`python -m ebtop`; the command line is in ebtop.cli."""

import sys

from ebtop.cli import main

sys.exit(main())
