"""Keys of rows and events become text here: names, addresses, times of day; knows nothing of screens or files."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from ebtop import units
from ebtop.frame import Frame, TableFrame
from ebtop.sample import Records
from ebtop.spec import Key, Kind, enum_label
from ebtop.units import Unit

_MAPPED = bytes(10) + b"\xff\xff"  # ::ffff:0:0/96, RFC 4291 2.5.5.2
_ADDRESS_BYTES = 20
_MINOR_BITS = 20  # include/linux/kdev_t.h
_RESTARTS = {512: "ERESTARTSYS", 513: "ERESTARTNOINTR", 514: "ERESTARTNOHAND", 516: "ERESTART_RESTARTBLOCK"}
"""What the kernel answers itself with when a signal interrupts a call: include/linux/errno.h."""


def cell(frame: Frame, key: Key, record: Any) -> str:
    """The text of `key` in one `record` (a row of a structured array); see `cells`."""
    return cells(frame, key, np.array([record]))[0]


def cells(
    frame: Frame, key: Key, records: Records, places: Sequence[int] | npt.NDArray[np.intp] | None = None
) -> list[str]:
    """The texts of `key` in `records`, only of the rows at `places` when given, in that order.

    PID is the bare number (its program is `programs`); TIME is the local time of day; ADDRESS is "10.0.4.7:5432" or
    "[2a00::1]:443", with "*" where no port is told apart; an errno of 0 is "ok". Names come from the frame, numbers
    stand in where it has none.
    """
    column = records[key.field]
    if places is not None:
        column = column[np.asarray(places, np.intp)]
    if key.kind is Kind.ADDRESS:
        return [_endpoint(ip, port) for ip, port in addresses(column)]
    if key.kind is Kind.NUMBERED:
        texts = frame.sample.labels.get(key.texts, {})
        return [texts.get(value) or _unnumbered(value) for value in column.tolist()]
    if key.kind is Kind.CODE:
        words = dict(key.codes) or frame.sample.labels.get(enum_label(key.enum), {})
        return [words.get(number, str(number)) for number in column.tolist()]
    if key.kind is Kind.FLAGS:
        return [flags(key.codes, number) for number in column.tolist()]
    if key.unit is not Unit.PLAIN:
        return [units.text(number, key.unit) for number in column.tolist()]
    write = _WRITERS[key.kind]
    return [write(frame, value) for value in column.tolist()]


def programs(
    frame: Frame, table: TableFrame, key: Key, places: Sequence[int] | npt.NDArray[np.intp] | None = None
) -> list[str]:
    """The program of each row's process `key`: as the source saw it, else the kernel's name for it, else "?"."""
    chosen = np.arange(table.keys.size) if places is None else np.asarray(places, np.intp)
    pids = table.keys[key.field][chosen].tolist()
    names = table.comm[chosen].tolist() if table.comm is not None else [b""] * len(pids)
    return [frame.name_of(pid, comm) for pid, comm in zip(pids, names, strict=True)]


def user(frame: Frame, pid: int) -> str:
    """The user that process `pid` runs as; empty where the source did not see it."""
    process = frame.sample.processes.get(pid)
    return process.user if process else ""


def unit(frame: Frame, pid: int) -> str:
    """The container or systemd unit that process `pid` belongs to; empty where none is known."""
    process = frame.sample.processes.get(pid)
    return process.unit if process else ""


def addresses(column: Records) -> list[tuple[bytes, int]]:
    """Each `struct ebtop_address` of `column` (n,), however its members are declared, as 16 bytes and a port."""
    count = len(column)
    raw = np.ascontiguousarray(column).view(np.uint8).reshape(count, _ADDRESS_BYTES)
    ports = np.ascontiguousarray(raw[:, 16:]).view(np.uint32).reshape(count).tolist()
    return [(ip.tobytes(), port) for ip, port in zip(raw[:, :16], ports, strict=True)]


def ip_text(ip: bytes) -> str:
    """16 address bytes as text: a mapped IPv4 address as such."""
    if ip.startswith(_MAPPED):
        return socket.inet_ntop(socket.AF_INET, ip[12:])
    return socket.inet_ntop(socket.AF_INET6, ip)


def wall_ns(frame: Frame, monotonic_ns: int) -> int:
    """The wall-clock time, nanoseconds since the epoch, of an event at `monotonic_ns`."""
    return frame.sample.wall_ns - (frame.sample.monotonic_ns - monotonic_ns)


def errno_name(number: int) -> str:
    """ "ENOENT" for 2, "ok" for 0, the number where it has no name."""
    if number == 0:
        return "ok"
    return errno.errorcode.get(number) or _RESTARTS.get(number) or str(number)


def flags(words: Sequence[tuple[int, str]], number: int) -> str:
    """ "bind,ro" for those two bits, bits without a word in hexadecimal behind them; "" for 0."""
    rest = number & ~sum(bit for bit, _ in words)
    return ",".join([word for bit, word in words if number & bit] + [f"{rest:#x}"] * (rest != 0))


def direction(number: int) -> str:
    """ "read" or "write"."""
    return "write" if number else "read"


def device_name(frame: Frame, number: int) -> str:
    """The block device's name, major:minor where the source saw none."""
    named = frame.sample.labels.get(Kind.DEVICE.value, {}).get(number)
    return named or f"{number >> _MINOR_BITS}:{number & ((1 << _MINOR_BITS) - 1)}"


def symbol(frame: Frame, address: int) -> str:
    """The kernel function's name, the address itself where none is known."""
    return frame.sample.labels.get(Kind.SYMBOL.value, {}).get(address) or f"{address:#x}"


def function(frame: Frame, number: int) -> str:
    """A function's name."""
    return frame.label(Kind.FUNCTION.value, number)


def module(frame: Frame, number: int) -> str:
    """What a function is in."""
    return frame.label(Kind.MODULE.value, number)


def stack(frame: Frame, path: Sequence[int]) -> str:
    """A program and the functions of a stack, outermost first, as `program;main;read`: folded, Brendan Gregg's form."""
    return ";".join(function(frame, number).replace(";", ":") for number in path if number)


def decoded(value: Any) -> str:
    """A char array's value as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _unnumbered(value: Any) -> str:
    """The text of a recording of before, whose rows have it themselves; else the number, as nobody knows its text."""
    return decoded(value) if isinstance(value, bytes) else f"#{value}"


def _endpoint(ip: bytes, port: int) -> str:
    if not port and not any(ip):
        return "-"
    host, shown = ip_text(ip), port or "*"
    return f"[{host}]:{shown}" if ":" in host else f"{host}:{shown}"


def _time_of_day(frame: Frame, monotonic_ns: int) -> str:
    at = wall_ns(frame, monotonic_ns)
    return f"{datetime.fromtimestamp(at // 10**9):%H:%M:%S}.{at // 10**6 % 1000:03d}"


def _label(kind: Kind) -> Callable[[Frame, Any], str]:
    return lambda frame, number: frame.label(kind.value, number)


_WRITERS: dict[Kind, Callable[[Frame, Any], str]] = {
    Kind.PID: lambda frame, number: str(number),
    Kind.TEXT: lambda frame, value: decoded(value),
    Kind.SYSCALL: _label(Kind.SYSCALL),
    Kind.DEVICE: device_name,
    Kind.INTERFACE: lambda frame, index: frame.label(Kind.INTERFACE.value, index) if index else "-",
    Kind.ERRNO: lambda frame, number: errno_name(number),
    Kind.UID: _label(Kind.UID),
    Kind.DIRECTION: lambda frame, number: direction(number),
    Kind.NUMBER: lambda frame, number: str(number),
    Kind.TIME: _time_of_day,
    Kind.POINTER: lambda frame, number: f"{number:#x}",
    Kind.OBJECT: lambda frame, number: str(number),
    Kind.SYMBOL: symbol,
    Kind.FUNCTION: function,
    Kind.MODULE: module,
    Kind.STACK: stack,
}
