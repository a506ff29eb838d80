"""The built wheel, installed into an empty environment, is a whole ebtop: nothing of the source tree is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import ebtop
from tests.no_kernel_skips import bpf_is_here

ROOT = Path(__file__).parent.parent
DATA = {".c", ".h", ".json", ".tcss", ".ebtop"}
"""Endings of files that are not Python and yet part of the program."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree with the backend of the test environment: no network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(ROOT)], check=True)
    return next(folder.glob("ebtop-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment's commands that holds nothing but the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, str(wheel)], check=True)
    return folder / "bin"


LINES = {
    "dnf": "dnf install python3 python3-bcc",
    "pacman": "pacman -S --needed python python-bcc",
    "zypper": "zypper install python311 python3-bcc",
    "apk": "apk add python3 py3-bcc",
}
"""By package manager, what a bare machine is told to type."""


@pytest.mark.parametrize("manager", LINES)
def test_without_apt_the_line_to_type_is_printed(manager: str, tmp_path: Path) -> None:
    """On a machine that has only another package manager `make run` says what to install with it, and stops."""
    for tool in ("sh", "dirname", "id", "tr"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    (tmp_path / manager).symlink_to("/bin/false")
    environment = {"PATH": str(tmp_path), "PYTHON": "", "SYSTEM_PYTHON": str(tmp_path / "none")}
    setup = [str(tmp_path / "sh"), str(ROOT / "scripts/setup"), "run"]
    result = subprocess.run(setup, env=environment, capture_output=True, text=True)
    sudo = "" if os.geteuid() == 0 else "sudo "
    assert (result.returncode, result.stderr) == (2, f"ebtop: needs more packages: {sudo}{LINES[manager]}\n")


def run(command: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run an installed command away from the source tree."""
    return subprocess.run([str(command), *arguments], cwd=cwd, capture_output=True, text=True, timeout=60)


def test_the_wheel_holds_every_data_file(wheel: Path) -> None:
    """C files, shim headers, schema, recording and style sheet are in the wheel."""
    expected = {str(path.relative_to(ROOT)) for path in (ROOT / "ebtop").rglob("*") if path.suffix in DATA}
    assert {Path(name).suffix for name in expected} == DATA
    assert expected <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_the_licences(wheel: Path) -> None:
    """Apache-2.0 for all, GPL-2.0 beside it for the programs that the kernel loads."""
    names = {Path(name).name for name in zipfile.ZipFile(wheel).namelist()}
    assert {"LICENSE", "Apache-2.0.txt", "GPL-2.0-only.txt"} <= names


def test_the_installed_command_tells_its_version(installed: Path, tmp_path: Path) -> None:
    """`ebtop --version` runs from an empty environment."""
    result = run(installed / "ebtop", "--version", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert ebtop.__version__ in result.stdout


def test_the_installed_doctor_knows_every_probe(installed: Path, tmp_path: Path) -> None:
    """`ebtop doctor` speaks of all probes, whatever this machine lacks."""
    result = run(installed / "ebtop", "doctor", cwd=tmp_path)
    assert result.returncode in (0, 1), result.stderr
    for name in ("syscalls", "rw", "opens", "exec", "tcpconnect", "tcpaccept", "blockio", "runqlat", "bpf"):
        assert name in result.stdout


@pytest.mark.kernel
@pytest.mark.skipif(not bpf_is_here(), reason="needs root and BPF")
def test_the_installed_command_loads_its_probes(installed: Path, tmp_path: Path) -> None:
    """A snapshot taken by the installed command has live probes, compiled from the C files in the wheel."""
    target = tmp_path / "snapshot.json"
    result = run(installed / "ebtop", "snapshot", "-o", str(target), "--for", "1s", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    snapshot = json.loads(target.read_text())
    states = {name: probe["state"] for name, probe in snapshot["probes"].items()}
    assert set(states.values()) == {"live"}, states
