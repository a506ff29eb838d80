"""`ebtop hooks PATTERN`: what can be hooked, one name a line as `bpftrace -l` prints it; attaches nothing."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from ebtop.kernel import listing, namespace, privileges
from ebtop.kernel.pattern import Pattern, parse
from ebtop.offer import Hooks, why
from ebtop.warden.identity import of_screen

_REFUSED = 2
_ALL = sys.maxsize


def run(text: str, arguments: bool) -> int:
    """Print every hook that fits; 0, 1 when none does, 2 (and one line on stderr) for what cannot be listed."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it, as it does with ls
    try:
        pattern = parse(text)
        found = _look(pattern, arguments)
    except (OSError, ValueError) as error:
        return _say(why(error))
    for place, name in enumerate(found.names):
        lines = found.arguments[place] if arguments else ()
        sys.stdout.write("".join([f"{name}\n", *(f"    {line}\n" for line in lines)]))
    for note in found.notes:
        _say(note)
    if found.names:
        return 0
    if len(found.notes) < len(pattern.kinds):
        _say(f"no hook fits {text}")
        return 1
    return _REFUSED


def _look(pattern: Pattern, arguments: bool) -> Hooks:
    if pattern.in_file:
        if os.geteuid() == 0:  # files may be anybody's
            from ebtop.kernel import elf  # noqa: F401  # whoever this becomes may not be able to read ebtop's own files

            identity = of_screen(os.getuid(), os.environ)
            privileges.become(identity.uid, identity.gid)
    else:
        with suppress(OSError):  # without it, what needs tracefs says so
            namespace.mount_tracefs()
    return listing.listed(pattern, arguments, _ALL)


def _say(text: str) -> int:
    sys.stderr.write(f"ebtop: {text}\n")
    return _REFUSED
