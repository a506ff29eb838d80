"""Messages as packets of a socket, descriptors beside them; whatever else arrives is refused."""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from ebtop.wire.fromscreen import FromScreen
from ebtop.wire.fromwarden import FromWarden
from ebtop.wire.layouts import Field, MapInfo

LOG_LIMIT = 32_000
"""Characters of a log that travel; a packet must fit the socket's default send buffer of 212,992 bytes."""
_DESCRIPTORS = 253  # SCM_MAX_FD, include/net/scm.h
_ANCILLARY = socket.CMSG_LEN(_DESCRIPTORS * 4)
_PACKET = 200_000

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
