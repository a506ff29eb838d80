"""What the screen asks and only root can look up, looked up in a child; knows nothing of children and wires.

Files, which may be anybody's, are parsed as the user that the screen is; tracefs and BTF, which are the kernel's, as
who this is already.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

from ebtop import registry, wire
from ebtop.offer import (
    Hooks,
    ProcessSymbols,
    ProgramDetail,
    Symbols,
    WayOffer,
    encode_hooks,
    encode_offers,
    encode_program,
    encode_symbols,
    why,
)
from ebtop.warden.identity import Identity

Question = wire.AskHooks | wire.AskWays | wire.AskSymbols | wire.AskProgram


class Answering:
    """Makes answers; to be called in a process that ends with it."""

    def __init__(self, identity: Identity, counts_only: bool) -> None:
        """`counts_only`: ways that only count are tried first."""
        self._identity = identity
        self._counts_only = counts_only

    def content(self, question: Question) -> bytes:
        """The encoded answer (ebtop.offer); what is wrong with the question is part of it."""
        if isinstance(question, wire.AskWays):
            return self._ways()
        if isinstance(question, wire.AskProgram):
            return encode_program(_program(question.id))
        if isinstance(question, wire.AskSymbols):
            return self._symbols(question)
        try:
            return encode_hooks(self._hooks(question))
        except (OSError, ValueError, MemoryError) as error:
            return encode_hooks(Hooks(error=why(error)))

    def _hooks(self, question: wire.AskHooks) -> Hooks:
        from ebtop.kernel import listing
        from ebtop.kernel.pattern import parse

        pattern = parse(question.pattern)
        if pattern.in_file:
            from ebtop.kernel import elf  # noqa: F401  # imported while ebtop's own files can be read

            self._become_user()
        return listing.listed(pattern, question.arguments)

    def _become_user(self) -> None:
        from ebtop.kernel import privileges

        parent = os.getppid()
        privileges.become(self._identity.uid, self._identity.gid)
        privileges.die_with_parent(parent, signal.SIGKILL)  # which the change of user has undone

    def _symbols(self, question: wire.AskSymbols) -> bytes:
        from ebtop.kernel import kallsyms

        try:
            kernel = kallsyms.symbols(question.kernel) if question.kernel else ()
            processes = self._of_processes(question) if question.processes else ()
            return encode_symbols(Symbols(kernel, processes, time.process_time()))
        except (OSError, ValueError, MemoryError) as error:
            return encode_symbols(Symbols(seconds=time.process_time(), error=why(error)))

    def _of_processes(self, question: wire.AskSymbols) -> tuple[ProcessSymbols, ...]:
        from ebtop.kernel import spaces

        looked = spaces.looked_at(question.processes)
        self._become_user()
        return spaces.named(looked)

    def _ways(self) -> bytes:
        from ebtop.kernel import preflight

        offers: dict[str, tuple[WayOffer, ...]] = {}
        for name, probe in registry.probes().items():
            ways = probe.preferred(self._counts_only)
            offers[name] = tuple(WayOffer(way.name, preflight.missing_for(way)) for _, way in ways)
        return encode_offers(offers)


def _program(number: int) -> ProgramDetail:
    from ebtop.kernel import program
    from ebtop.warden import bpftool

    try:
        detail = program.look(number)
    except OSError as error:
        return ProgramDetail(number, error=why(error))
    instructions, note = bpftool.instructions(number)
    return replace(detail, instructions=instructions, note=note)
