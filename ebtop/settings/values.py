"""Single values as people write them: what they mean, or what is wrong with them and what is right; starts nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping, Sequence

from ebtop import functions, registry

_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_MEGABYTES = {"": 1.0, "M": 1.0, "MB": 1.0, "MiB": 1.048576, "G": 1000.0, "GB": 1000.0, "GiB": 1073.741824}
_SHORTEST_S, _LONGEST_S = 0.1, 86_400.0
_SLOWEST_S = 60.0
_INTERFACE_BYTES = 15
"""IFNAMSIZ of include/uapi/linux/if.h, less the NUL."""
_LEAST_HISTORY_S = 10.0
_MEMORY_MB = (1.0, 4096.0)
ALL = "all"
"""Every probe there is."""
_ENOUGH = 8
"""Choices that are listed in full."""


def duration(said: object) -> float:
    """Seconds in "500ms", "5s", "2m" or 5; ValueError for anything else and beyond 0.1 s to a day."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|min|h|)", _text(said))
    if found is None:
        raise ValueError(f"{said!r} is no duration; say for instance 500ms, 5s or 2m")
    seconds = float(found[1]) * _SECONDS[found[2]]
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise ValueError(f"{said!r} is not between 100ms and 24h")
    return seconds


def interval(said: object) -> float:
    """A duration of at most a minute."""
    seconds = duration(said)
    if seconds > _SLOWEST_S:
        raise ValueError(f"{said!r} is longer than a minute")
    return seconds


def history(said: object) -> float:
    """A duration of at least ten seconds."""
    seconds = duration(said)
    if seconds < _LEAST_HISTORY_S:
        raise ValueError(f"{said!r} is shorter than 10s")
    return seconds


def megabytes(said: object) -> float:
    """Millions of bytes in "24MB", "24MiB", "1G" or 24; ValueError for anything else and beyond 1 to 4096."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?(M|MB|MiB|G|GB|GiB|)", _text(said))
    if found is None:
        raise ValueError(f"{said!r} is no amount of memory; say for instance 24MB")
    amount = float(found[1]) * _MEGABYTES[found[2]]
    if not _MEMORY_MB[0] <= amount <= _MEMORY_MB[1]:
        raise ValueError(f"{said!r} is not between 1MB and 4096MB")
    return amount


_MOST_PERCENT = 10_000


def overhead(said: object) -> float:
    """Percent of one CPU, 0 to 10000, as a number or as "5" or "0.5 %"."""
    if isinstance(said, str) and re.fullmatch(r"\d+(\.\d+)? ?%?", said.strip(), re.ASCII):
        said = float(said.rstrip(" %"))
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= _MOST_PERCENT:
        raise ValueError(f"{said!r} is no percentage of one CPU; say for instance 5 or 0.5, 0 for any")
    return float(said)


def probe_names(said: object) -> tuple[str, ...]:
    """The names of a list, or of a text with commas, each once; whether there are such probes is not looked at."""
    listed = said.split(",") if isinstance(said, str) else said
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ValueError(f'{said!r} is no list of names; say for instance ["syscalls", "rw"]')
    names = tuple(dict.fromkeys(name.strip() for name in listed if name.strip()))
    if not names:
        raise ValueError("no probe named; `ebtop probes` lists them")
    return names


def chosen(said: Iterable[str]) -> tuple[str, ...]:
    """The probes that are meant by names of probes, names of groups and "all", each once; ValueError for neither.

    Where a probe and a group are called the same the probe is meant; "@network" is always the group. A group may be
    said by one of its words, if it is the only one that has that word.
    """
    return tuple(dict.fromkeys(name for word in said for name in _meant(word)))


def _meant(word: str) -> tuple[str, ...]:
    if word == ALL:
        return registry.names()
    if word in registry.names() or word.startswith(f"{functions.PREFIX}:"):
        return (probe_name(word),)
    groups = _groups(word.removeprefix("@"))
    if len(groups) == 1:
        return tuple(name for name, probe in registry.probes().items() if probe.group == groups[0])
    if groups:
        raise ValueError(f"{word!r} may be {' or '.join(map(repr, groups))}; say one of them whole")
    return (probe_name(word),)


def _groups(word: str) -> list[str]:
    """The groups that are called so, or else have that word."""
    wanted = word.lower()
    groups = list(dict.fromkeys(probe.group for probe in registry.probes().values()))
    return [one for one in groups if one.lower() == wanted] or [one for one in groups if wanted in one.lower().split()]


def function(said: object) -> str:
    """The name of the probe of a function or event, "k:tcp_v4_connect ret<0"; ValueError where it makes no sense."""
    return functions.parse(_text(said)).name


def probe_name(said: object) -> str:
    """The name of a probe that there is, or "func:" and what `function` takes."""
    if isinstance(said, str) and said.startswith(f"{functions.PREFIX}:"):
        return function(said.removeprefix(f"{functions.PREFIX}:"))
    if not isinstance(said, str) or said not in registry.names():
        hint = instead(said, registry.names(), few=0)
        raise ValueError(f"there is no probe {said!r}; {hint}`ebtop probes` lists them")
    return said


def interfaces(said: object) -> tuple[str, ...]:
    """The network interfaces of a list, or of a text with commas, each once; ValueError for what can be no name.

    They need not be there: a settings file outlives them. A name is of at most 15 bytes, without "/", ":" and white
    space (dev_valid_name in net/core/dev.c).
    """
    listed = said.split(",") if isinstance(said, str) else said
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ValueError(f'{said!r} is no list of names; say for instance ["eth0", "lo"]')
    names = tuple(dict.fromkeys(name.strip() for name in listed if name.strip()))
    for name in names:
        if name in (".", "..") or not re.fullmatch(r"[^\s/:]+", name) or len(name.encode()) > _INTERFACE_BYTES:
            raise ValueError(f"{name!r} is no network interface's name; `ip link` lists them")
    return names


def interfaces_there(said: object) -> tuple[str, ...]:
    """As `interfaces`, of the command line: at least one, and each is there now."""
    names = interfaces(said)
    if not names:
        raise ValueError("no network interface named; `ip link` lists them")
    for name in names:
        try:
            socket.if_nametoindex(name)
        except OSError:
            known = [there for _, there in socket.if_nameindex()]
            raise ValueError(
                f"there is no network interface {name!r}; {instead(name, known)}`ip link` lists them"
            ) from None
    return names


def folders(said: object) -> tuple[str, ...]:
    """The folders of a list, whole paths or of a home (~); ValueError for anything else."""
    listed = [said] if isinstance(said, str) else said
    if not isinstance(listed, list) or not all(isinstance(path, str) and path for path in listed):
        raise ValueError(f'{said!r} is no list of folders; say for instance ["~/probes"]')
    if away := next((path for path in listed if not path.startswith(("/", "~/"))), ""):
        raise ValueError(f"{away!r} depends on where ebtop is started; say the whole path, or one from ~/")
    return tuple(dict.fromkeys(listed))


def one_of(said: object, choices: Sequence[str]) -> str:
    """One of `choices`; ValueError names the nearest, or all where they are few."""
    if not isinstance(said, str) or said not in choices:
        raise ValueError(f"{said!r} is not among the choices; {instead(said, choices)}".rstrip("; "))
    return said


def slots(said: object) -> dict[int, str]:
    """Probe by digit from a table of TOML; "" where a digit switches nothing. ValueError for the same probe twice.

    Whether there are such probes is not looked at.
    """
    result: dict[int, str] = {}
    for digit, name in _table(said, '1 = "rw"').items():
        if not re.fullmatch("[0-9]", digit):
            raise ValueError(f"{digit!r} is no digit; keys here are 1 to 9 and 0")
        if name and name in result.values():
            raise ValueError(f"probe {name!r} has two digits; leave one")
        if not isinstance(name, str):
            raise ValueError(f"there is no probe {name!r}; `ebtop probes` lists them")  # noqa: TRY004 # as all
        result[int(digit)] = name
    return result


def keys(said: object) -> dict[str, tuple[str, ...]]:
    """Keys by action from a table of TOML, as they are written; which of them exist is not looked at."""
    result: dict[str, tuple[str, ...]] = {}
    for action, given in _table(said, 'pause = ["Space", "p"]').items():
        listed = [given] if isinstance(given, str) else given
        if not isinstance(listed, list) or not all(isinstance(key, str) and key for key in listed):
            raise ValueError(f'{action} = {given!r} names no keys; say for instance {action} = ["Space", "p"]')
        result[action] = tuple(listed)
    return result


def instead(said: object, choices: Iterable[str], few: int = _ENOUGH) -> str:
    """What could be meant instead of `said`: the nearest of `choices`, all of them where they are few, or nothing."""
    from difflib import get_close_matches

    known = list(choices)
    near = get_close_matches(str(said), known, 1)
    if near:
        return f"did you mean {near[0]!r}? "
    return f"they are {', '.join(known)}; " if len(known) <= few else ""


def _table(said: object, example: str) -> Mapping[str, object]:
    if not isinstance(said, dict):
        raise ValueError(f"{said!r} is no table; say for instance {example} on a line below the heading")  # noqa: TRY004 # as all
    return said


def _text(said: object) -> str:
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return ""
    return str(said).strip()
