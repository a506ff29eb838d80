"""How ebtop and its rivals are started for a comparison; measures nothing."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.sessions import Session

SIX = "syscalls,rw,opens,exec,tcpconnect,blockio"
_HEADERS = Path(__file__).parent.parent / "ebtop/kernel/include"
_SCHED = "#pragma once\n#include <linux/types.h>\n#define TASK_COMM_LEN 16\n"


@dataclass(frozen=True, slots=True)
class Rival:
    """A program to compare with."""

    name: str
    words: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        """Whether this machine has it."""
        return shutil.which(self.words[0]) is not None

    def session(self) -> Session:
        """A session that has not begun."""
        return Session(self.words, self.environment)


def ebtop(probes: str = SIX, *options: str) -> Rival:
    """Ebtop itself at its usual interval of one second; it may cost what it costs."""
    command = Path(sys.executable).with_name("ebtop")
    return Rival("ebtop", (str(command), "--probes", probes, "--max-overhead", "0", *options))


def syscount(folder: Path, *options: str) -> Rival:
    """bcc's syscount, with this kernel's headers if they are here, else with a small tree made in `folder`."""
    name = next(
        (name for name in ("syscount-bpfcc", "/usr/share/bcc/tools/syscount") if shutil.which(name)), "syscount"
    )
    environment = {}
    if not Path(f"/lib/modules/{platform.release()}/build").exists():
        environment["BCC_KERNEL_SOURCE"] = str(headers(folder))
    return Rival(
        " ".join(("bcc's syscount", *(word for word in options if word in "-L-P"))), (name, *options), environment
    )


def bpftrace(name: str, program: str) -> Rival:
    """A bpftrace one-liner, called `name` in the table."""
    return Rival(name, ("bpftrace", "-e", program))


def btop(folder: Path) -> Rival:
    """Btop at one second instead of its usual two, all else as it comes."""
    settings = folder / "btop/btop.conf"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("update_ms = 1000\n")
    return Rival("btop", ("btop",), {"XDG_CONFIG_HOME": str(folder), "LANG": "C.UTF-8"})


def glances() -> Rival:
    """Glances at one second."""
    return Rival("glances", ("glances", "--time", "1", "--disable-check-update"), {"LANG": "C.UTF-8"})


def present(rivals: Iterable[Rival]) -> list[Rival]:
    """Those that are installed."""
    return [rival for rival in rivals if rival.installed]


def headers(folder: Path) -> Path:
    """Ebtop's own headers as a tree that bcc's tools can be compiled with, for machines without kernel headers."""
    tree = folder / "headers"
    if not tree.exists():
        shutil.copytree(_HEADERS, tree / "include")
        numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", platform.release())
        assert numbers is not None
        version = tree / "include/linux/version.h"
        define = f"#define EBTOP_KERNEL KERNEL_VERSION({numbers[1]}, {numbers[2]}, {numbers[3] or 0})\n"
        version.write_text(version.read_text() + define)
        (tree / "include/linux/sched.h").write_text(_SCHED)
    return tree
