"""What is imported where: the contracts of import-linter in a test run, and what the privileged process never loads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("numpy", "textual", "rich", "plotext", "psutil", "bcc")


def modules_after(statement: str) -> set[str]:
    """Names of the modules a fresh interpreter has loaded after `statement`."""
    script = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return set(json.loads(output))


@pytest.mark.parametrize("module", ["ebtop.cli", "ebtop.warden", "ebtop.kernel.preflight", "ebtop.registry"])
def test_the_privileged_process_loads_nothing_heavy(module: str) -> None:
    """Root's process stays small and quick: neither numpy nor a screen nor the compiler is in it."""
    loaded = modules_after(f"import {module}\nfrom ebtop import registry\nregistry.probes()")
    assert loaded.isdisjoint(HEAVY)


def test_the_layers_hold() -> None:
    """Each layer imports only what stands below it (contracts in pyproject.toml)."""
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("import-linter is not installed; make check runs it")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
