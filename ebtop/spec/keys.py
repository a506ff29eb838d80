"""What a key of a map or a text of an event means; knows no tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ebtop.units import Unit


class Kind(Enum):
    """What a key or text field means, and so how it is drawn and what the source has to look up for it."""

    PID = "pid"
    """A process (tgid). Drawn as two columns, pid and program; the source looks up its name and user."""
    TEXT = "text"
    """A NUL-terminated char array, e.g. a path."""
    SYSCALL = "syscall"
    """A system-call number of the running architecture."""
    DEVICE = "device"
    """A block device number as the kernel keeps it: major << 20 | minor (include/linux/kdev_t.h)."""
    INTERFACE = "interface"
    """The index of a network interface; drawn by name, as the network namespace that ebtop runs in has it."""
    ADDRESS = "address"
    """struct ebtop_address: 16 bytes (IPv4 mapped as ::ffff:a.b.c.d, RFC 4291 2.5.5.2), then a port in host order."""
    ERRNO = "errno"
    """A positive errno, 0 for success; drawn by name, e.g. ENOENT."""
    UID = "uid"
    """A user id; drawn by user name."""
    DIRECTION = "direction"
    """0 read, 1 write."""
    NUMBER = "number"
    TIME = "time"
    """bpf_ktime_get_ns() of an event; drawn as wall-clock time of day."""
    OBJECT = "object"
    """The id of a BPF program or map."""
    NUMBERED = "numbered"
    """The number (u32) of a text, from 1, which the programs gave it; see `Key.texts`."""
    POINTER = "pointer"
    """An address in a program's memory; drawn in hexadecimal."""
    SYMBOL = "symbol"
    """An address in the kernel, e.g. of a function or where it was called from; drawn as the function's name."""
    FUNCTION = "function"
    """A function of a stack; a number that `Sample.labels` has a name for."""
    MODULE = "module"
    """What a function is in: the kernel, a program, a library; the function's number."""
    STACK = "stack"
    """The functions of a whole stack, outermost first, behind the program; drawn folded: program;main;read."""
    CODE = "code"
    """A number that stands for a word: see `Key.codes` and `Key.enum`; the number itself where neither has one."""
    FLAGS = "flags"
    """A number each of whose bits stands for a word, see `Key.codes`; bits without one are drawn in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Key:
    """One part of a row's identity, or one text cell of an event."""

    field: str
    """Name of the C struct member in the map's key (or in the event record)."""
    kind: Kind
    title: str = ""
    """Column heading; the field's name when empty."""
    help: str = ""
    importance: int = 0
    """Narrow terminals drop the columns with the highest number first."""
    codes: tuple[tuple[int, str], ...] = ()
    """Of a CODE that means the same on every kernel: number and word. Of FLAGS: the bit's value and word."""
    enum: str = ""
    """Of a CODE that differs between kernels: the kernel's enumeration, whose words the loader takes from BTF."""
    unit: Unit = Unit.PLAIN
    """Of a NUMBER that measures something, e.g. the age of what an event tells of."""
    texts: str = ""
    """Of NUMBERED: the hash map from text (a struct of one char array) to number. The ring buffer TEXTS_told tells each
    new pair once; the array TEXTS_record has the layout of that, `number` and `text`."""

    @property
    def name(self) -> str:
        return self.field


def enum_label(enum: str) -> str:
    """Where `Sample.labels` has the words of a kernel's enumeration."""
    return f"enum {enum}"
