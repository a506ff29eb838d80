"""Probes that are not built in: found, checked and added to the registry, before any other process is forked.

A declaration is Python that runs with the rights of whoever starts ebtop, and its C runs in the kernel. So nothing is
taken that anybody but root and the user who starts ebtop could have written, and what was checked is what is used:
texts are read once, through checked descriptors, and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import ModuleType

from ebtop import registry
from ebtop.own import installed
from ebtop.own.reading import Pair, Refused, pair, pairs
from ebtop.spec import GROUPS, Probe

GROUP = GROUPS[-1]
"""Of what names none."""

__all__ = ["GROUP", "Refused", "add_folder", "add_installed", "declared"]


def add_folder(folder: str, uid: int, gid: int) -> None:
    """Add every probe of `folder` to the registry; Refused, with the reason, for the first that is not in order."""
    found = pairs(folder, uid, gid)
    if not found:
        raise Refused(f"{folder} holds no probe, a NAME.py with a NAME.c beside it: `ebtop new-probe` writes one")
    for one in found:
        _add(declared(one))


def add_installed(uid: int, gid: int, folders: Iterable[str]) -> Sequence[str]:
    """Add the probes of installed packages; why those that are refused are, a line for each.

    `folders` are those of sys.path.
    """
    refused = []
    for name, folder, module in installed.entries(folders):
        try:
            one = pair(folder, module, uid, gid)
            if module != name:
                raise Refused(f"{one.path}: the entry point calls it {name}: call both the same")
            _add(declared(one))
        except Refused as why:
            refused.append(f"probe {name} of an installed package is left out: {why}")
    return refused


def _add(probe: Probe) -> None:
    try:
        registry.add(probe)
    except ValueError as clash:
        raise Refused(f"{probe.source}/{probe.name}.py: {clash}: give yours another name") from None


def declared(one: Pair) -> Probe:
    """The declaration, run, and found in order together with its C; Refused."""
    from ebtop.own import checking  # only where there is something to be checked

    probe = _run(one)
    flaws = list(checking.flaws(probe, one.c, one.name))
    if not flaws and not probe.ways:
        flaws = ["it has no way to be fed: name one Way, with one Hook"]
    if flaws:
        more = f" (and {len(flaws) - 1} more)" if len(flaws) > 1 else ""
        raise Refused(f"{one.path}: {flaws[0]}{more}")
    return replace(probe, source=one.folder, text=one.c, group=probe.group or GROUP, slot=0)


def _run(one: Pair) -> Probe:
    """What the text assigns to PROBE."""
    module = ModuleType(f"ebtop.own.of_{one.name}")
    module.__file__ = one.path
    try:
        exec(compile(one.declaration, one.path, "exec"), module.__dict__)  # noqa: S102 # read where nobody else writes
    except (Exception, SystemExit) as error:
        raise Refused(f"{one.path}{_line(error, one.path)}: {_words(error)}") from None
    if "PROBE" not in module.__dict__:
        raise Refused(f"{one.path} declares no PROBE")
    probe: Probe = module.__dict__["PROBE"]
    return probe


def _line(error: BaseException, path: str) -> str:
    """The line of the declaration that an error came from."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f", line {line}" if line else ""


def _words(error: BaseException) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {' '.join(said.split())}"
