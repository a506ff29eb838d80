"""What this machine offers, read in milliseconds before any probe is compiled; loads no bcc and changes nothing.

Every check ends in a remedy: the command or setting that mends it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ebtop.kernel import bcc_module, namespace, privileges, release
from ebtop.spec import Probe, Way

OLDEST = (5, 8)
"""CAP_BPF and CAP_PERFMON, BPF links with ids, ring buffers and run-time statistics all came by 5.8."""
_BTF = "/sys/kernel/btf/vmlinux"
_LOCKDOWN = Path("/sys/kernel/security/lockdown")
_OS_RELEASE = (Path("/etc/os-release"), Path("/usr/lib/os-release"))
_PACKAGES = {
    "debian": "apt install python3-bpfcc",
    "ubuntu": "apt install python3-bpfcc",
    "fedora": "dnf install python3-bcc",
    "rhel": "dnf install python3-bcc",
    "centos": "dnf install python3-bcc",
    "arch": "pacman -S python-bcc",
    "suse": "zypper install python3-bcc",
    "opensuse": "zypper install python3-bcc",
    "alpine": "apk add py3-bcc",
}
"""Of BCC's Python module, by ID or ID_LIKE of os-release(5)."""
_BPFTOOL = {
    "debian": "apt install bpftool",
    "ubuntu": "apt install linux-tools-common linux-tools-$(uname -r)",
    "fedora": "dnf install bpftool",
    "rhel": "dnf install bpftool",
    "centos": "dnf install bpftool",
    "arch": "pacman -S bpf",
    "suse": "zypper install bpftool",
    "opensuse": "zypper install bpftool",
    "alpine": "apk add bpftool",
}
_NAMES = {
    privileges.CAP_BPF: "CAP_BPF",
    privileges.CAP_PERFMON: "CAP_PERFMON",
    privileges.CAP_SYS_ADMIN: "CAP_SYS_ADMIN",
    privileges.CAP_DAC_READ_SEARCH: "CAP_DAC_READ_SEARCH",
}
_CAP_DAC_OVERRIDE = 1


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a machine has or lacks."""

    name: str
    ok: bool
    detail: str
    """What was found."""
    remedy: str = ""
    """The command that mends it; empty when all is well."""
    needed: bool = True
    """False: some probes, or other ways of them, do without."""


@dataclass(frozen=True, slots=True)
class ProbeCheck:
    """Whether one probe can run here."""

    probe: str
    default: bool
    way: str = ""
    """The way that would win; empty when none can."""
    hooks: tuple[str, ...] = ()
    """Its places, as kind:target."""
    missing: str = ""
    """The one thing that the last way lacks."""
    remedy: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.way)


def machine() -> tuple[Check, ...]:
    """Every check of the machine itself."""
    return (kernel(), capabilities(), compiler(), tracefs(), btf(), lockdown())


def blocking() -> Check | None:
    """The first thing without which no probe at all can run; None when there is none."""
    return next((check for check in (kernel(), capabilities(), lockdown(), compiler()) if not check.ok), None)


def kernel() -> Check:
    """Linux 5.8 or newer."""
    ok = release.version() >= OLDEST
    return Check("kernel", ok, release.name(), "" if ok else f"run Linux {OLDEST[0]}.{OLDEST[1]} or newer")


def capabilities() -> Check:
    """CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, which contains both (capabilities(7))."""
    held = privileges.effective()
    if privileges.CAP_SYS_ADMIN in held:
        return Check("capabilities", True, "CAP_SYS_ADMIN")
    lacking = [_NAMES[number] for number in (privileges.CAP_BPF, privileges.CAP_PERFMON) if number not in held]
    if lacking:
        return Check("capabilities", False, f"{' and '.join(lacking)} not held", "sudo ebtop")
    return Check("capabilities", True, "CAP_BPF and CAP_PERFMON")


def compiler() -> Check:
    """BCC's Python module, found without importing it."""
    found = find_bcc()
    if found is None:
        return Check("bcc", False, "BCC's Python module is not installed", install_command())
    folder, version = found
    if not version:
        return Check("bcc", False, f"what is called bcc in {folder} is not BCC", "pip uninstall bcc")
    return Check("bcc", True, f"{version} in {folder}")


def tracefs() -> Check:
    """tracefs, mounted and readable, or mountable in a mount namespace of our own."""
    place, held = namespace.mounted_tracefs(), privileges.effective()
    if place:
        return Check("tracefs", True, place, needed=False)
    if privileges.CAP_SYS_ADMIN not in held:
        what = "readable" if os.path.exists(f"{namespace.TRACEFS}/events") else "mounted"
        return Check("tracefs", False, f"not {what}; kinds of hooks but raw tracepoints need it", "sudo ebtop", False)
    if not os.path.isdir(namespace.TRACEFS):
        return Check("tracefs", False, "this kernel has none", "a kernel with CONFIG_TRACING", False)
    return Check("tracefs", True, "not mounted on the host; ebtop mounts it for itself only", needed=False)


def btf() -> Check:
    """The kernel's own type information."""
    ok = os.access(_BTF, os.R_OK)
    remedy = "" if ok else "a kernel with CONFIG_DEBUG_INFO_BTF, or the package of its headers"
    return Check("BTF", ok, _BTF if ok else f"{_BTF} cannot be read", remedy, needed=False)


def lockdown() -> Check:
    """Kernel lockdown below "confidentiality", which forbids programs to read kernel memory (kernel_lockdown(7))."""
    try:
        text = _LOCKDOWN.read_text("ascii")
    except OSError:  # not built in, or securityfs not mounted
        return Check("lockdown", True, "none")
    mode = text.partition("[")[2].partition("]")[0] or "none"
    ok = mode != "confidentiality"
    return Check("lockdown", ok, mode, "" if ok else "boot without lockdown=confidentiality")


def probe_check(probe: Probe) -> ProbeCheck:
    """The way of `probe` that would win here, or what its last way lacks."""
    if not probe.ways:
        return _census(probe)
    from ebtop.kernel import hooks  # not needed to start, and it reads BTF

    missing = ""
    for way in probe.ways:
        missing = missing_for(way)
        if not missing:
            places = ((hook.kind, hooks.present(hook)) for hook in way.hooks)
            shown = tuple(f"{kind}:{target}" for kind, target in places if target)
            return ProbeCheck(probe.name, probe.default, way.name, shown)
    return ProbeCheck(probe.name, probe.default, missing=missing, remedy=_remedy(missing))


def probe_checks(probes: Iterable[Probe]) -> tuple[ProbeCheck, ...]:
    """One check for each of `probes`; on a machine that can run none, each says so."""
    block = blocking()
    if block is not None:
        return tuple(
            ProbeCheck(probe.name, probe.default, missing=block.detail, remedy=block.remedy) for probe in probes
        )
    return tuple(probe_check(probe) for probe in probes)


def _census(probe: Probe) -> ProbeCheck:
    if privileges.CAP_SYS_ADMIN in privileges.effective():
        return ProbeCheck(probe.name, probe.default, "bpf", ("bpf:BPF_PROG_GET_NEXT_ID", "bpf:BPF_MAP_GET_NEXT_ID"))
    return ProbeCheck(probe.name, probe.default, missing="CAP_SYS_ADMIN not held", remedy="sudo ebtop")


def missing_for(way: Way) -> str:
    """What this machine lacks for `way`, in one line; "" when it would work, as far as is known beforehand."""
    from ebtop.kernel import hooks

    if way.fields and not os.access(_BTF, os.R_OK):
        return f"{_BTF} (the offsets of {', '.join(way.fields)})"
    return hooks.lacking(way)


def _remedy(missing: str) -> str:
    if os.geteuid() != 0:
        return "sudo ebtop"
    return f"a kernel that has it: {missing}"


def find_bcc() -> tuple[str, str] | None:
    """Folder and version of the module that `import bcc` would give the loader, our own path first; None without one.

    The version is empty where it is another package of that name, such as the one in the Python package index.
    """
    for folder in (*sys.path, *bcc_module.distribution_places()):
        package = Path(folder or ".") / "bcc"
        if (package / "__init__.py").is_file():
            return str(package.parent), _version(package) if (package / "libbcc.py").is_file() else ""
    return None


def _version(package: Path) -> str:
    try:
        found = re.search(r"""__version__ = ['"]([^'"]+)""", (package / "version.py").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else "of unknown version"


def install_command() -> str:
    """The command that installs BCC's Python module on this distribution."""
    return _command(_PACKAGES) or "install your distribution's package of BCC's Python module (python3-bcc)"


def bpftool_command() -> str:
    """The command that installs bpftool on this distribution."""
    return _command(_BPFTOOL) or "install your distribution's package of bpftool"


def _command(packages: Mapping[str, str]) -> str:
    command = next((packages[name] for name in distributions() if name in packages), "")
    return f"{'' if os.geteuid() == 0 else 'sudo '}{command}" if command else ""


def distributions() -> tuple[str, ...]:
    """ID and ID_LIKE of os-release(5), the nearest first."""
    for place in _OS_RELEASE:
        try:
            lines = place.read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        fields = dict(line.split("=", 1) for line in lines if "=" in line)
        names = f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".replace('"', "").replace("'", "").split()
        return tuple(re.split(r"[-_]", name)[0] if name.startswith("opensuse") else name for name in names)
    return ()
