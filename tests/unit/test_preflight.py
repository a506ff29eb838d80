"""What preflight makes of machines that are not this one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ebtop.kernel import preflight, privileges
from ebtop.kernel.release import version as version_of


@pytest.mark.parametrize(
    ("content", "command"),
    [
        ("ID=debian\n", "apt install python3-bpfcc"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "apt install python3-bpfcc"),
        ("ID=fedora\n", "dnf install python3-bcc"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf install python3-bcc"),
        ("ID=arch\n", "pacman -S python-bcc"),
        ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "zypper install python3-bcc"),
        ("ID=alpine\n", "apk add py3-bcc"),
        ("ID=slackware\n", "package of BCC's Python module"),
    ],
)
def test_the_package_is_named_as_this_distribution_names_it(
    content: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By ID, else by ID_LIKE of os-release; a distribution we do not know still gets a sentence."""
    (tmp_path / "os-release").write_text(content)
    monkeypatch.setattr(preflight, "_OS_RELEASE", (tmp_path / "missing", tmp_path / "os-release"))
    assert command in preflight.install_command()


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("6.1.0-18-amd64", (6, 1, 0)),
        ("5.8.0", (5, 8, 0)),
        ("6.18.5+", (6, 18, 5)),
        ("7.3-rc1", (7, 3, 0)),
        ("5.19.17-2-arch1-1", (5, 19, 17)),
        ("odd", (0, 0, 0)),
    ],
)
def test_a_release_begins_with_its_version(release: str, version: tuple[int, int, int]) -> None:
    """Whatever a distribution puts behind it."""
    assert version_of(release) == version


@pytest.mark.parametrize(("held", "ok"), [({21}, True), ({38, 39}, True), ({39}, False), ({38}, False), (set(), False)])
def test_capabilities_count_not_the_user_id(held: set[int], ok: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """CAP_SYS_ADMIN, or CAP_BPF with CAP_PERFMON; what lacks is named."""
    monkeypatch.setattr(privileges, "effective", lambda: frozenset(held))
    check = preflight.capabilities()
    assert check.ok is ok
    assert ok or ("CAP_" in check.detail and check.remedy == "sudo ebtop")


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("[none] integrity confidentiality", True),
        ("none [integrity] confidentiality", True),
        ("none integrity [confidentiality]", False),
    ],
)
def test_lockdown_stops_us_only_where_kernel_memory_is_confidential(
    text: str, ok: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Integrity still lets programs read."""
    (tmp_path / "lockdown").write_text(text)
    monkeypatch.setattr(preflight, "_LOCKDOWN", tmp_path / "lockdown")
    assert preflight.lockdown().ok is ok


def test_an_old_kernel_gets_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy names the oldest that will do."""
    monkeypatch.setattr(preflight, "OLDEST", (99, 0))
    check = preflight.kernel()
    assert not check.ok and "99.0" in check.remedy


def test_another_package_called_bcc_is_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry of Python packages has one; BCC's own holds libbcc.py, and its version is read, not imported."""
    (tmp_path / "other" / "bcc").mkdir(parents=True)
    real = tmp_path / "real" / "bcc"
    real.mkdir(parents=True)
    (real / "libbcc.py").write_text("raise SystemExit")
    (real / "version.py").write_text("__version__ = '0.99.0'\n")
    for package in (tmp_path / "other" / "bcc", real):
        (package / "__init__.py").write_text("raise SystemExit")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "real"), str(tmp_path / "other")])
    assert preflight.find_bcc() == (str(tmp_path / "real"), "0.99.0")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "other"), str(tmp_path / "real")])
    check = preflight.compiler()
    assert not check.ok and "is not BCC" in check.detail and check.remedy == "pip uninstall bcc"
