"""A pytest plugin of CI (-p tests.no_kernel_skips): a kernel test that is skipped in spite of root and BPF fails."""

from __future__ import annotations

import errno
import os

import pytest

from ebtop.kernel import bpf

_skipped: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a kernel test that was skipped; an expected failure is none."""
    if report.skipped and "kernel" in report.keywords and not hasattr(report, "wasxfail"):
        _skipped[report.nodeid] = _reason(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note a whole file of kernel tests that was skipped."""
    if report.skipped and report.nodeid.startswith("tests/kernel"):
        _skipped[report.nodeid] = _reason(report)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


def bpf_is_here() -> bool:
    """Whether this is root on a kernel whose bpf(2) makes maps."""
    if os.geteuid() != 0:
        return False
    try:
        os.close(bpf.create_map(bpf.ARRAY, 4, 8, 1))
    except OSError as error:
        return error.errno not in (errno.EPERM, errno.ENOSYS)
    return True


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn success into failure."""
    if _skipped and bpf_is_here() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped."""
    if _skipped and bpf_is_here():
        terminalreporter.section("kernel tests skipped although root and BPF are here", red=True)
        for test, reason in _skipped.items():
            terminalreporter.line(f"{test}: {reason}")
