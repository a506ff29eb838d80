"""The wire between the screen's process and the warden: frozen messages, and descriptors beside them.

A Unix SOCK_SEQPACKET pair, one JSON object a packet, descriptors by SCM_RIGHTS. Nothing here knows what a message does.
"""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

LOG_LIMIT = 32_000
"""Characters of a log that travel; a packet must fit the socket's default send buffer of 212,992 bytes."""
_DESCRIPTORS = 253  # SCM_MAX_FD, include/net/scm.h
_ANCILLARY = socket.CMSG_LEN(_DESCRIPTORS * 4)
_PACKET = 200_000


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a C struct as numpy takes it: name, format ("<u8", "S16", "(40,)<u8"), offset in bytes."""

    name: str
    format: str
    offset: int


@dataclass(frozen=True, slots=True)
class MapInfo:
    """One BPF map: what the reader needs to turn its bytes into rows."""

    name: str
    type: int
    """enum bpf_map_type of include/uapi/linux/bpf.h."""
    key_size: int
    value_size: int
    max_entries: int
    flags: int
    key: tuple[Field, ...]
    """Members of the key; a plain integer key is one field "index"."""
    value: tuple[Field, ...]


# --- screen to warden -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Want:
    """The probes wanted now, all of them; `serials` numbers each probe's start: a late answer is known by it."""

    probes: tuple[str, ...]
    serials: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """The screen can do nothing with that start of a probe, wanted or not: nothing of it is to run."""

    probe: str
    serial: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Hold (or let go of) the kernel's run-time statistics."""

    on: bool


@dataclass(frozen=True, slots=True)
class AskObjects:
    """Ask for the programs and maps of the whole host."""


@dataclass(frozen=True, slots=True)
class AskContainers:
    """Ask what the containers (or pods) of these ids are called."""

    ids: tuple[str, ...]
    """As cgroups.ID has them; warden.containers.ASKED of them are answered for."""


@dataclass(frozen=True, slots=True)
class Save:
    """Write the one descriptor's content (a memfd) to `path`, as the user this is run for."""

    path: str


@dataclass(frozen=True, slots=True)
class AskWays:
    """Ask which ways of all probes would work on this machine."""

    serial: int


@dataclass(frozen=True, slots=True)
class AskHooks:
    """Ask for the hooks that fit a pattern (kernel.pattern)."""

    serial: int
    pattern: str
    arguments: bool = False
    """Each hook's arguments as well."""


@dataclass(frozen=True, slots=True)
class AskProgram:
    """Ask for all there is to say of the BPF program `id`, its instructions too."""

    serial: int
    id: int


@dataclass(frozen=True, slots=True)
class AskSymbols:
    """Ask in which functions these addresses are."""

    serial: int
    kernel: tuple[int, ...] = ()
    """Addresses in the kernel."""
    processes: tuple[tuple[int, ...], ...] = ()
    """For each process its pid, then addresses in it."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Count only what meets every part that is set (sample.Target); nothing set: everybody. Answered by Aimed."""

    pids: tuple[int, ...] = ()
    comm: str = ""
    user: str = ""
    unit: str = ""
    children: bool = True

    def __bool__(self) -> bool:
        return bool(self.pids or self.comm or self.user or self.unit)


@dataclass(frozen=True, slots=True)
class Print:
    """Let the bpftrace programs of these probes print all of their maps now."""

    probes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Go:
    """Every probe has been read once, or has failed: the command that ebtop was started with may begin."""


@dataclass(frozen=True, slots=True)
class Bye:
    """The terminal is its own again and nothing is attached; the rest of the screen's end is nobody's concern."""

    status: int


# --- warden to screen -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """A probe's state changed; `error` and `log` when it failed."""

    probe: str
    serial: int
    state: str
    """Value of sample.State."""
    hook: str = ""
    error: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """A probe is attached. Descriptors beside it: one per map, one per program, two for each program that shares its
    place (first one of each, its costs; then of each the second: from a loader the array through which it goes on, from
    the warden the program at the head of all that share the place), then links, then perf events.
    """

    probe: str
    serial: int
    hook: str
    targets: tuple[str, ...]
    maps: tuple[MapInfo, ...]
    programs: tuple[str, ...]
    events: int
    """How many descriptors, the last, are perf events: slow to close, and below links if there are any."""
    misses: str = ""
    log: str = ""
    bcc: str = ""
    enums: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = ()
    """The kernel's enumerations among the probe's keys: name, and number and word of each member."""
    shares: tuple[str, ...] = ()
    """For each program the raw tracepoint that it shares with others (kernel.chain), "" where it is attached by itself;
    () for none that shares."""

    @property
    def second(self) -> slice:
        """Which descriptors are the second ones of programs that share."""
        shared = sum(map(bool, self.shares))
        begin = len(self.maps) + len(self.programs) + shared
        return slice(begin, begin + shared)


@dataclass(frozen=True, slots=True)
class Piped:
    """A bpftrace program was begun, as process `pid`. Descriptors beside it: pipes of its output and of its errors."""

    probe: str
    serial: int
    pid: int


@dataclass(frozen=True, slots=True)
class Programs:
    """The BPF programs that such a process has loaded, a descriptor for each; `kinds` are their types."""

    probe: str
    serial: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exited:
    """Such a process has ended: its exit status, or minus the signal that killed it."""

    probe: str
    serial: int
    status: int


@dataclass(frozen=True, slots=True)
class Objects:
    """Answer to AskObjects; its descriptor is a memfd of `programs` records, then `maps` records (kernel.objects)."""

    programs: int
    maps: int


@dataclass(frozen=True, slots=True)
class Containers:
    """Answer to AskContainers: a name for each id, "" where nothing names it."""

    ids: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """Answer to Save: the path written, or the error that kept it from being written."""

    path: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to the question of that serial: a memfd of JSON beside it (ebtop.offer), or why there is none."""

    serial: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """Sent once, when statistics are first switched on: run time of an empty program (kernel.stats.measure_clock)."""

    ns: float
    shared_ns: float = 0.0
    """The same of one that shares its place (kernel.chained.measure_clock); 0 where it could not be measured."""


@dataclass(frozen=True, slots=True)
class Aimed:
    """What is counted from now on, as in Aim; `said`: what else there is to say of it, in one line."""

    pids: tuple[int, ...] = ()
    comm: str = ""
    user: str = ""
    unit: str = ""
    children: bool = True
    said: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The command that ebtop was started with has ended: its exit status, or minus the signal that killed it."""

    status: int


FromScreen = (
    Want
    | Leave
    | Statistics
    | AskObjects
    | AskContainers
    | Save
    | AskWays
    | AskHooks
    | AskSymbols
    | AskProgram
    | Aim
    | Print
    | Go
    | Bye
)
FromWarden = Progress | Live | Piped | Programs | Exited | Objects | Containers | Saved | Answer | Clock | Aimed | Ended
OfProbe = Progress | Live | Piped | Programs | Exited
"""Said of one start of a probe."""
Message = FromScreen | FromWarden
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Message)}


def encode(message: Message) -> bytes:
    """The packet of `message`."""
    return json.dumps({"kind": type(message).__name__, **asdict(message)}).encode()


def decode(packet: bytes) -> Message:
    """The message of `packet`, its members of the types that are declared; ValueError for anything that is not one."""
    try:
        content = json.loads(packet)
        kind = _KINDS[content.pop("kind")]
        message = kind(**{name: _frozen(value) for name, value in content.items()})
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a message: {error}") from error
    if not _fits(message, kind):
        raise ValueError(f"not a {kind.__name__}: a member is of another type")
    return message  # type: ignore[no-any-return]  # from the table above


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        kind = Field if "offset" in value else MapInfo
        return kind(**{name: _frozen(item) for name, item in value.items()})
    return value


def _fits(value: Any, hint: Any) -> bool:
    """Whether `value` is what a member declared as `hint` may be."""
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        if not isinstance(value, tuple):
            return False
        if inner[-1] is Ellipsis:
            return all(_fits(item, inner[0]) for item in value)
        return len(value) == len(inner) and all(map(_fits, value, inner))
    if hint is float:
        return type(value) in (int, float)
    if hint is int:
        return type(value) is int and -(1 << 63) <= value < 1 << 64
    if type(value) is not hint:
        return False
    return not is_dataclass(hint) or all(_fits(getattr(value, name), type_) for name, type_ in _members(hint).items())


@cache
def _members(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def send(wire: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    """Send `message` with `descriptors` (at most 253); they stay open here. OSError when the other side is gone."""
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    wire.sendmsg([encode(message)], ancillary)


def receive(wire: socket.socket) -> tuple[Message, tuple[int, ...]] | None:
    """The next message and its descriptors (close-on-exec, the caller's to close); None when the other side is gone.

    ValueError, the descriptors closed, for what is no message.
    """
    try:
        packet, ancillary, flags, _ = wire.recvmsg(_PACKET, _ANCILLARY, socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        return None
    descriptors = array.array("i", b"".join(data for _, kind, data in ancillary if kind == socket.SCM_RIGHTS))
    try:
        if not packet:
            close(descriptors)
            return None
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            raise ValueError("a message was cut off")
        return decode(packet), tuple(descriptors)
    except ValueError:
        close(descriptors)
        raise


def close(descriptors: Iterable[int]) -> None:
    """Close what came with a message."""
    for descriptor in descriptors:
        os.close(descriptor)


def pair() -> tuple[socket.socket, socket.socket]:
    """The two ends of a new wire."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
