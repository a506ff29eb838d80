"""The command line: checks, then hands over to dashboard, snapshot, recording or doctor; reads and draws nothing."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ebtop import registry
from ebtop.arguments import Arguments, parse
from ebtop.settings import SettingError, Settings
from ebtop.text import clean

if TYPE_CHECKING:
    from ebtop.live import Live
    from ebtop.replay import Replay
    from ebtop.warden.loading import Load

_REFUSED = 2
_LOOKS = ("", "snapshot", "record", "stacks", "triage")
"""Commands that look at a kernel, or at a recording of one."""


def main(words: Sequence[str] | None = None) -> int:
    """Run ebtop with `words` (sys.argv's by default); the exit status: 2 for what cannot be begun."""
    arguments = parse(sys.argv[1:] if words is None else words)
    if arguments.command == "hooks":
        from ebtop import hooklist

        return told(lambda: hooklist.run(arguments.path, arguments.verbose))
    if arguments.command == "new-probe":
        from ebtop.own import beginning

        return told(lambda: beginning.run(arguments.path, arguments.folder))
    try:
        source = _recording(arguments)
    except (OSError, ValueError) as error:
        return _refuse(f"{arguments.replay or 'demo'}: {getattr(error, 'strerror', None) or error}")
    try:
        return _run(arguments, source)
    finally:
        if source is not None:
            source.close()


def _recording(arguments: Arguments) -> Replay | None:
    """What is replayed, if anything is: the probes that it declares are among those that can be named then."""
    if arguments.command not in _LOOKS or not (arguments.demo or arguments.replay):
        return None
    from ebtop.replay import Replay, demo_path

    return Replay(arguments.replay or demo_path())


def _run(arguments: Arguments, source: Replay | None) -> int:
    from ebtop import settled

    try:
        if arguments.command == "config":
            return told(lambda: _say(settled.text(arguments)))
        settings = _for_command(arguments, _with_scripts(arguments, settled.settled(arguments).settings))
    except SettingError as wrong:
        return _refuse(str(wrong))
    if arguments.command == "probes":
        from ebtop import catalogue

        return told(lambda: catalogue.run(arguments.json))
    if arguments.command == "doctor":
        from ebtop import doctor

        return told(lambda: doctor.run(arguments.json))
    if not arguments.command and not (os.isatty(0) and os.isatty(1)):
        return _refuse("the dashboard needs a terminal; `ebtop snapshot -o FILE` does without one")
    return _live(arguments, settings) if source is None else _replay(arguments, settings, source)


def _with_scripts(arguments: Arguments, settings: Settings) -> Settings:
    """With the programs of bpftrace, alone unless probes were named beside them; SettingError."""
    if not arguments.scripts:
        return settings
    from ebtop.settled import user
    from ebtop.typed import script

    whose = user(os.getuid(), os.environ)
    names: tuple[str, ...] = ()
    for said in arguments.scripts:
        try:
            name = script(said, whose.uid, whose.gid, names)
        except ValueError as wrong:
            raise SettingError(f"--bt: {wrong}") from None
        names = tuple(dict.fromkeys((*names, name)))
    beside = settings.probes if "probes" in arguments.settings else ()
    return replace(settings, probes=(*beside, *names))


def _for_command(arguments: Arguments, settings: Settings) -> Settings:
    """`settings`; of what is looked at for stacks, the one probe. SettingError where there is none in it."""
    if arguments.command != "stacks":
        return settings
    from ebtop import registry

    probes: tuple[str, ...] = arguments.settings.get("probes") or ("profile",)
    having = [name for name, probe in registry.probes().items() if probe.has_stacks]
    if len(probes) != 1 or probes[0] not in having:
        raise SettingError(f"stacks looks at one probe that has any: --probes {' or '.join(having)}")
    return replace(settings, probes=probes)


def _refuse(why: str) -> int:
    _tell(why)
    return _REFUSED


def _tell(line: str) -> None:
    """On stderr, whatever files and paths have put into it."""
    sys.stderr.write(f"ebtop: {clean(line)}\n")


def told(tell: Callable[[], int]) -> int:
    """The status that `tell` returns; where stdout takes no more, that of SIGPIPE, or 2 with the reason on stderr."""
    try:
        status = tell()
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        status = 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO):
            raise
        status = _refuse(f"cannot write to stdout: {error.strerror}")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered would fail once more at the end
    return status


def _say(text: str) -> int:
    sys.stdout.write(text)
    return 0


def _live(arguments: Arguments, settings: Settings) -> int:
    from ebtop.kernel import preflight

    block = preflight.blocking()
    if block is not None:
        demo = "; `ebtop --demo` needs nothing" if block.name == "capabilities" else ""
        return _refuse(f"{block.detail}: {block.remedy}{demo}")
    from ebtop.export.files import write_private
    from ebtop.warden.command import found
    from ebtop.warden.identity import of_screen
    from ebtop.warden.launch import Plan, run
    from ebtop.warden.trying import lacking

    if arguments.program and not found(arguments.program[0]):
        name = arguments.program[0]
        return _refuse(f"{name}: there is no such program; say its path if it is not on the PATH that root has")
    if arguments.scripts or arguments.bpftrace:
        from ebtop.warden.trusted import found as bpftrace

        try:
            bpftrace(arguments.bpftrace)
        except LookupError as error:
            return _refuse(str(error))
    if why := lacking(settings.probes):
        return _refuse(why)
    through_warden = of_screen(os.getuid(), os.environ).root_writes

    def screen(line: socket.socket, warden: int) -> int:
        sources: list[Live] = []

        def begin() -> Live:
            from ebtop.live import Live

            sources.append(Live(line, warden, settings.interval_s, bool(arguments.program)))
            return sources[0]

        def save(path: str, content: bytes) -> str:
            return sources[0].save(path, content) if through_warden else write_private(path, content)

        return _show(arguments, settings, begin, save)

    serials = dict.fromkeys(settings.probes, 0)
    allowed = (arguments.path, os.path.abspath(arguments.path)) if arguments.path else ()
    load = _loader(arguments.counts_only, settings.xdp_interfaces)
    hidden = not arguments.command
    return run(
        Plan(
            screen,
            load,
            write_private,
            serials,
            allowed,
            arguments.counts_only,
            arguments.aim,
            arguments.program,
            hidden,
            arguments.bpftrace,
        )
    )


def _loader(counts_only: bool, interfaces: tuple[str, ...]) -> Load:
    def load(channel: socket.socket, serials: Mapping[str, int], flags: int, unshared: frozenset[str]) -> int:
        from ebtop.kernel import loader

        return loader.run(channel, serials, flags, unshared, counts_only, interfaces)

    return load


def _replay(arguments: Arguments, settings: Settings, source: Replay) -> int:
    from ebtop.export.files import write_private

    for line in source.remarks:
        _tell(line)
    source.every(settings.interval_s)
    recorded = tuple(filter(_is_known, source.recorded))
    if "probes" not in arguments.settings and not all(map(registry.is_built_in, recorded)):
        settings = replace(settings, probes=recorded)
    return _show(arguments, settings, lambda: source, write_private)


def _is_known(name: str) -> bool:
    return name in registry.names() or registry.is_made_up(name)


def _show(
    arguments: Arguments, settings: Settings, begin: Callable[[], Live | Replay], save: Callable[[str, bytes], str]
) -> int:
    """Run the dashboard, or what goes without one, on the source that `begin` makes."""
    if not arguments.command:
        from ebtop import tui

        return tui.run(begin, save=save, wanted=settings.probes, interval=settings.interval_s, settings=settings)
    if arguments.command == "triage":
        from ebtop.export.triage import triage

        bound = settings.max_overhead_percent
        return told(lambda: triage(begin(), settings.probes, arguments.seconds, arguments.json, bound))
    from ebtop.export import headless

    work = {"snapshot": headless.snapshot, "record": headless.record, "stacks": headless.stacks}[arguments.command]
    bound = settings.max_overhead_percent
    return told(lambda: work(begin(), settings.probes, arguments.seconds, arguments.path, save, bound))
