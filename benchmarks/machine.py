"""The machine and the versions, in one sentence; measures nothing."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

_VERSIONS = {
    "bpftrace": ["bpftrace", "--version"],
    "btop": ["btop", "--version"],
    "glances": ["glances", "--version"],
}


def describe() -> str:
    """Processor, memory, kernel, and the versions of everything that was measured."""
    memory = psutil.virtual_memory().total / 2**30
    virtual = ", a virtual machine" if "hypervisor" in _processor_flags() else ""
    rivals = ", ".join(f"{name} {found}" for name, words in _VERSIONS.items() if (found := _version(words)))
    return (
        f"{_processor()}, {os.cpu_count()} CPUs, {memory:.0f} GiB{virtual}; Linux {platform.release()}, "
        f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'Linux')}; Python {platform.python_version()}, "
        f"Textual {version('textual')}, BCC {_bcc()}, {rivals}; {datetime.now(UTC):%Y-%m-%d}."
    )


def _processor_line(name: str) -> str:
    with open("/proc/cpuinfo") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith(name)), "")


def _processor() -> str:
    return _processor_line("model name") or platform.machine()


def _processor_flags() -> str:
    return _processor_line("flags")


def _version(words: list[str]) -> str:
    try:
        output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.search(r"\d+\.\d+(\.\d+)?", output)
    return found[0] if found else ""


def _bcc() -> str:
    script = "import bcc; print(bcc.__version__)"
    for python in ("/usr/bin/python3", sys.executable):
        result = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return result.stdout.strip().split("+")[0]
    return "unknown"
