"""The C text of a module and the options it is compiled with; compiles nothing and asks the kernel nothing."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ebtop import registry
from ebtop.kernel import syscalls
from ebtop.spec import Probe

SHIM = Path(__file__).parent
"""What takes the place of a kernel source tree: its folder `include`."""
_PRELUDE = "#include <linux/types.h>\n#include <linux/version.h>\n#include <asm/ptrace.h>\n"
_OWN_INCLUDE = re.compile(r'^#include "ebtop\.h".*$', re.MULTILINE)
_CALL = re.compile(r"\bEBTOP_NR_(\w+)")
_ERROR = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+):\d+: (?:fatal )?error: (?P<message>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Machine:
    """The numbers of the running machine that C code is compiled with."""

    cpus: int
    """Highest possible CPU number plus one."""
    kernel: tuple[int, int, int]
    page_size: int
    architecture: str = platform.machine()

    @property
    def version_code(self) -> int:
        """LINUX_VERSION_CODE (include/linux/version.h: the last number stops at 255)."""
        major, minor, patch = self.kernel
        return (major << 16) + (minor << 8) + min(patch, 255)


def options(machine: Machine) -> tuple[str, ...]:
    """Compiler options for `machine`."""
    defines = {
        "EBTOP_CPUS": machine.cpus,
        "EBTOP_KERNEL": machine.version_code,
        "EBTOP_PAGE_SHIFT": machine.page_size.bit_length() - 1,
    }
    if machine.architecture == "aarch64":
        defines["EBTOP_ARM64"] = 1
    return (*(f"-D{name}={value}" for name, value in defines.items()), "-Wno-pragma-once-outside-header")


def module(
    chosen: Sequence[tuple[Probe, int]],
    structs: str = "",
    architecture: str = "",
    defines: Iterable[tuple[str, int]] = (),
) -> str:
    """One text of all `chosen` probes, each with the index of its way; `structs`: declarations of kernel structs.

    EBTOP_NR_name is the number of the system call `name` on `architecture` (the running one if empty); it is not
    defined where there is no such call. `defines`: macros, beside those that the probes declare. Lines keep the file
    and number they have in the tree, so that compilers' messages can be followed.
    """
    header = _numbered("ebtop.h", (registry.FOLDER / "ebtop.h").read_text("utf-8"))
    parts = [_PRELUDE, header, f'#line 1 "structs of this kernel"\n{structs}\n']
    parts += [_define(name, value) for name, value in defines]
    for probe, way in chosen:
        parts += [_define(name, value) for name, value in probe.defines]
        parts.append(f"#define {probe.prefix.upper()}_WAY {way}\n")
        parts.append(_numbered(f"{probe.prefix}.c", text_of(probe)))
    return _calls("".join(parts), architecture) + "".join(parts)


def _calls(text: str, architecture: str) -> str:
    numbers = {name: number for number, name in syscalls.names(architecture).items()}
    wanted = dict.fromkeys(_CALL.findall(text))
    return "".join(f"#define EBTOP_NR_{name} {numbers[name]}\n" for name in wanted if name in numbers)


def text_of(probe: Probe) -> str:
    """The C of one probe, as it stands in its file."""
    return probe.text or (Path(probe.source) / f"{probe.prefix}.c").read_text("utf-8")


def _define(name: str, value: int) -> str:
    return f"#define {name} ({value}{'' if abs(value) < 1 << 31 else 'LL'})\n"


def _numbered(name: str, text: str) -> str:
    return f'#line 1 "{name}"\n{_OWN_INCLUDE.sub("", text)}\n'


def first_error(log: str) -> str:
    """The compiler's first error as "file:line: message"; "" when the log has none."""
    found = _ERROR.search(log)
    return f"{found['file'].rpartition('/')[2]}:{found['line']}: {found['message']}" if found else ""


def in_error(log: str) -> frozenset[str]:
    """Names of the files that the compiler's errors are in."""
    return frozenset(found["file"].rpartition("/")[2] for found in _ERROR.finditer(log))


def functions(probes: Iterable[tuple[Probe, int]]) -> tuple[str, ...]:
    """Names of all C functions that the chosen ways run, each once."""
    return tuple(dict.fromkeys(hook.function for probe, way in probes for hook in probe.ways[way].hooks))
