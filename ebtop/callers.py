"""Functions of stacks as numbers, and which of them are still to be named; asks nobody itself, reads no map.

The addresses of a stack become the numbers of its functions, outermost first, behind the number of the program. What
keeps a stack from being told is a function too, in brackets, so that nothing of the time is lost: no symbol, no frame
pointer, a process that had ended, no room for the stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ebtop.codespace import Space, is_nameless_memory
from ebtop.offer import Symbol, Symbols
from ebtop.symbols import AGAIN_S, KernelSymbols

FUNCTION, MODULE = "function", "module"
"""Where Sample.labels has the names of functions, and what each is in."""
MOST = 65_536
"""Functions that get a number."""
DEEPEST = 127
"""Functions of one stack that the kernel writes down (sysctl kernel.perf_event_max_stack)."""
NO_STACK, FAILED, NO_ROOM = -1, -14, -17
"""In the place of a stack's id: there is none; it could not be walked (EFAULT); its maps have no place left for it
(EEXIST)."""
NOWHERE = (0,)
"""In the place of a user's stack that could not be walked."""
KERNEL = "kernel"
_LOST = "[no frame pointer: "
NOT_YET, _ENDED, _NO_ROOM = "[not named yet]", "[process ended]", "[no room for this stack]"
_FAILED = "[its stack could not be walked]"
_DEEPER, _TOO_MANY, _NOTHING = f"[deeper than {DEEPEST}]", "[one of too many names]", "[no stack]"
_PROCESSES, _ADDRESSES = 32, 2048
"""In one question."""
_SPACES = 4096
"""Processes remembered, the newest."""
_STARTS = ("_start", "__libc_start", "__libc_init", "start_thread", "clone", "__clone", "_dl_start", "runtime.goexit")
"""How functions begin that nobody has called: a stack that ends there is whole."""
_SHORT = 2
"""A stack of no more functions of which the last is neither of those has lost its way, unless that keeps a frame."""

PENDING, NAMELESS, DONE = range(3)
"""How far a path is known: not yet; all but what a just-in-time compiler may still name; for good."""
_LIBC = ("libc.so", "libc-", "libpthread", "ld-linux", "ld-musl", "libc.musl")
"""How the names of files begin that have the functions from which a program's first function is called."""

_HOOK = ("bpf_prog_", "bpf_trace_run", "__bpf_trace_", "__traceiter_", "trace_call_bpf", "perf_trace_")
"""How the functions begin by which the kernel calls a program on a tracepoint, and the program."""
_SWITCH = frozenset({"__schedule", "schedule"})
"""What calls the tracepoint of every switch: it tells nothing."""

Named = tuple[str, str]
"""A function and what it is in."""
Stack = Sequence[int] | None
"""Addresses, innermost first; None: there was no room for it."""


@dataclass(frozen=True, slots=True)
class Path:
    """The way from a program to what it does."""

    numbers: list[int]
    """Of program and functions, outermost first."""
    known: int
    """PENDING, NAMELESS or DONE."""
    lost: bool
    """Its user-space part ends for want of a frame pointer."""


class Functions:
    """Each function by a number, from 1; 0 is none."""

    def __init__(self) -> None:
        self._numbers: dict[Named, int] = {}
        self._names: dict[int, str] = {}
        self._modules: dict[int, str] = {}
        self._labels: Mapping[str, Mapping[int, str]] = {}
        self.number(_TOO_MANY, "")

    def number(self, name: str, module: str) -> int:
        """The number of a function."""
        known = self._numbers.get((name, module))
        if known is None:
            if len(self._numbers) >= MOST:
                return 1
            known = self._numbers[name, module] = len(self._numbers) + 1
            self._names[known], self._modules[known] = name, module
        return known

    def labels(self) -> Mapping[str, Mapping[int, str]]:
        """Names and modules, for Sample.labels: the very same mappings while nothing is new; none before the first."""
        names = self._labels.get(FUNCTION, {})
        if len(self._names) > 1 and len(names) != len(self._names):
            self._labels = {FUNCTION: dict(self._names), MODULE: dict(self._modules)}
        return self._labels


class Callers:
    """Paths of functions from addresses, with what is known by now."""

    def __init__(self) -> None:
        self.functions = Functions()
        self.kernel = KernelSymbols()
        self.version = 0
        """Raised when something is known that was not before."""
        self._spaces: dict[int, Space] = {}
        self._asked: tuple[bool, tuple[int, ...]] = (False, ())
        """Whether the last question is about the kernel, and of which processes."""
        self._alone: dict[int, None] = {}
        """Processes of a question that had no answer: asked for one by one, so that one of them spoils no other."""

    def path(
        self, pid: int, program: str, kernel: Stack, user: Stack, leaf: bool = False, hooked: bool = False
    ) -> Path:
        """The functions of two stacks.

        `leaf`: of the user's there is no more than the innermost function, as stacks of its process lead astray.
        `hooked`: the kernel's was taken by a program on a tracepoint; how that was called is left out.
        """
        inner, inner_known = self._of_kernel(kernel, hooked)
        outer, outer_known = self._of_user(pid, user, leaf)
        whole = [*outer, *inner] or [(_NOTHING, "")]
        number = self.functions.number
        lost = bool(outer) and outer[0][0].startswith(_LOST)
        return Path([number(program, ""), *(number(*one) for one in whole)], min(inner_known, outer_known), lost)

    def _of_kernel(self, addresses: Stack, hooked: bool) -> tuple[list[Named], int]:
        if addresses is None:
            return [(_NO_ROOM, KERNEL)], DONE
        found, known = [], DONE
        for place, address in enumerate(addresses):
            symbol = self.kernel.find(address - (place > 0))
            if symbol is None:
                known = PENDING
                nameless = self.kernel.is_nameless(address - (place > 0))
                found.append((f"{address:#x}" if nameless else NOT_YET, KERNEL))
            else:
                found.append((symbol.name, _kernel_module(symbol)))
        begin = next((at for at, (name, _) in enumerate(found) if not _is_hook(name)), 0) if hooked else 0
        return [*_deeper(addresses, KERNEL), *reversed(found[begin:])], known

    def _of_user(self, pid: int, addresses: Stack, leaf: bool) -> tuple[list[Named], int]:
        if addresses is None or addresses == NOWHERE:
            return [(_NO_ROOM if addresses is None else _FAILED, "")], DONE
        if not addresses:
            return [], DONE
        space = self._spaces.setdefault(pid, Space())
        symbols = [space.find(address - (place > 0)) for place, address in enumerate(addresses)]
        known = [symbol for symbol in takewhile(lambda symbol: symbol is not None, symbols) if symbol is not None]
        if len(known) < len(symbols) and not any(not symbol.module for symbol in known):
            rest = (_ENDED, "") if space.ended else (NOT_YET, "")
            return [rest, *map(_named, reversed(known))], DONE if space.ended else PENDING
        nameless = any(is_nameless_memory(symbol) for symbol in known)
        return [*_deeper(addresses, ""), *reversed(told(known, leaf))], NAMELESS if nameless else DONE

    # --- questions ----------------------------------------------------------------------------------------------------

    def question(self, now_s: float) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
        """Addresses in the kernel, and of each process its pid and addresses, to be asked for now (monotonic)."""
        kernel = self.kernel.question(now_s)
        processes: list[tuple[int, ...]] = []
        room = _ADDRESSES
        for pid in self._to_ask(now_s, bool(kernel)):
            if len(processes) == _PROCESSES or room <= 0:
                break
            asked = self._spaces[pid].question(now_s, room)
            room -= len(asked)
            processes.append((pid, *asked))
        self._asked = bool(kernel), tuple(pid for pid, *_ in processes)
        return kernel, tuple(processes)

    def _to_ask(self, now_s: float, kernel: bool) -> list[int]:
        due = {pid: space for pid, space in self._spaces.items() if space.is_due(now_s)}
        self._alone = {pid: None for pid in self._alone if pid in due}
        if self._alone:
            return [] if kernel else list(self._alone)[:1]
        return sorted(due, key=lambda pid: -len(due[pid].unknown))

    def learn(self, symbols: Symbols) -> None:
        """Take an answer."""
        self.kernel.learn(symbols.kernel)
        for process in symbols.processes:
            self._alone.pop(process.pid, None)
            if space := self._spaces.get(process.pid):
                space.learn(process)
        self.version += 1

    def fail(self, now_s: float) -> None:
        """There is no answer: what was asked for together is asked for one by one, what was alone much later."""
        kernel, pids = self._asked
        together = kernel + len(pids) > 1
        self.kernel.fail(now_s if together else now_s + AGAIN_S)
        for pid in pids:
            if together:
                self._alone[pid] = None
            elif space := self._spaces.get(pid):
                space.fail(now_s)

    def forget(self, pids: Iterable[int]) -> None:
        """These run another program now, or have ended."""
        for pid in pids:
            self._spaces.pop(pid, None)
        for pid in list(self._spaces)[: max(0, len(self._spaces) - _SPACES)]:
            del self._spaces[pid]


def told(symbols: Sequence[Symbol], leaf: bool = False) -> list[Named]:
    """What a user-space stack says, innermost first; `symbols` are those of its addresses, in that order.

    A walk along frame pointers that meets a function without one goes astray: what lies in no code at all, and all
    beyond it, is no stack. The function where it ends is where a thread begins, or the one that has no frame pointer,
    which is said: see `_is_lost`. One that is innermost has its caller's frame pointer still in force, so that it is
    this caller that is passed over: that is said between it and the next.
    """
    good = []
    for symbol in symbols:
        if not symbol.module:
            break
        good.append(symbol)
    if not good:
        return [("[outside of any code]", "")]
    hidden = [_no_frame(good[0])] if good[0].keeps_frame is False and len(good) > 1 else []
    lost = [_no_frame(good[-1])] if leaf or _is_lost(good, len(symbols)) else []
    return [_named(good[0]), *hidden, *map(_named, good[1:]), *lost]


def _no_frame(symbol: Symbol) -> Named:
    return f"{_LOST}{symbol.module}]", _short(symbol.module)


def _is_lost(good: Sequence[Symbol], length: int) -> bool:
    """Whether the walk over `length` functions, of which those are real, did not end where the thread begins.

    The outermost function tells, by how it begins: not by keeping a frame pointer. Where that is not known, it is taken
    for one without if it called no more than one other, or if the walk went on into no code. The C library's own
    functions without a name that call one with a frame pointer are the beginning of program or thread: distributions
    keep their names apart.
    """
    last, called = good[-1], good[-2] if len(good) > 1 else None
    if last.name.startswith(_STARTS):
        return False
    if not last.name and _short(last.module).startswith(_LIBC) and called is not None and called.keeps_frame:
        return False
    if last.keeps_frame is None:
        return len(good) <= _SHORT or len(good) < length
    return not last.keeps_frame


def _named(symbol: Symbol) -> Named:
    if symbol.name:
        return symbol.name, _short(symbol.module)
    return f"[no symbol: {_short(symbol.module)}]", _short(symbol.module)


def _is_hook(name: str) -> bool:
    return name.startswith(_HOOK) or name in _SWITCH


def _short(module: str) -> str:
    return module.rpartition("/")[2] if module.startswith("/") else module


def _kernel_module(symbol: Symbol) -> str:
    return symbol.module if symbol.module == KERNEL else f"{KERNEL}: {symbol.module}"


def _deeper(addresses: Sequence[int], module: str) -> list[Named]:
    return [(_DEEPER, module)] if len(addresses) >= DEEPEST else []
