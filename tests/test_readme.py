"""The README tells what the code says, and stays short."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_generated_parts_are_current() -> None:
    """Keys, probes and costs in the README are those of the key table, the registry and the newest benchmark."""
    result = subprocess.run([sys.executable, "scripts/readme.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_readme_fits_its_bound() -> None:
    """At most 250 lines: what is longer is not read."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 250


def test_every_file_the_documents_name_is_there() -> None:
    """Links and pictures in the README, CONTRIBUTING and CHANGELOG that point into the tree point at something."""
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text()):
            assert (ROOT / target).exists(), f"{name} names {target}"
