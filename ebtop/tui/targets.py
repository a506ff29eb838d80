"""A target as words and back: pid:4121 comm:sh user:ada c:web; knows nothing of who is meant by them."""

from __future__ import annotations

from ebtop.sample import Target

TARGET_HINT = "pid:1,2 · comm:sh · user:ada · c:web · empty: everybody · ⏎ count only these · Esc leave"
_MOST = 1 << 22
"""PID_MAX_LIMIT, include/linux/threads.h."""
_NAMES = {"comm": "comm", "user": "user", "c": "unit", "container": "unit", "unit": "unit"}


def words_of(target: Target) -> str:
    """The words that `target_of` reads as `target`; "" for everybody."""
    parts = [f"pid:{','.join(map(str, target.pids))}"] if target.pids else []
    named = (("comm", target.comm), ("user", target.user), ("c", target.unit))
    return " ".join([*parts, *(f"{name}:{value}" for name, value in named if value)])


def target_of(text: str) -> Target:
    """The target that `text` names; a number alone is a pid, a word alone a program. ValueError says what is wrong."""
    found: dict[str, str] = {}
    pids: tuple[int, ...] = ()
    for word in text.split():
        name, colon, value = word.partition(":")
        if not colon:
            name, value = ("pid" if word.isdecimal() else "comm"), word
        if not value:
            raise ValueError(f"nothing stands after {name}:")
        if name == "pid":
            pids += _pids(value)
        elif name in _NAMES:
            found[_NAMES[name]] = value
        else:
            raise ValueError(f"{name}: is none of pid:, comm:, user:, c:")
    return Target(pids, found.get("comm", ""), found.get("user", ""), found.get("unit", ""))


def _pids(text: str) -> tuple[int, ...]:
    numbers = text.split(",")
    if not all(number.isdecimal() and number.isascii() for number in numbers):
        raise ValueError(f"pid:{text} is no number")
    pids = tuple(int(number) for number in numbers if len(number) <= len(str(_MOST)))
    if len(pids) < len(numbers) or max(pids) > _MOST:
        raise ValueError(f"pid:{text}: the highest there can be is {_MOST}")
    return pids
