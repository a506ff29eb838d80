"""Texts that programs have numbered: told once, found where they could not be told, deleted when nobody has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ebtop.numbered import NumberedTexts
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel


def opening(names: str) -> str:
    """Work that tries to open each of `names`, an expression, in vain."""
    return f"for name in {names}:\n    try: os.open(name, os.O_RDONLY)\n    except OSError: pass"


@pytest.fixture
def texts_of() -> Iterator[Callable[[Loaded], NumberedTexts]]:
    """Makes what is tested over a probe's maps."""
    made: list[NumberedTexts] = []

    def make(loaded: Loaded) -> NumberedTexts:
        maps = loaded.maps
        made.append(NumberedTexts(maps["opens_paths"], maps["opens_paths_told"], maps["opens_paths_record"][0]))
        return made[-1]

    yield make
    for texts in made:
        texts.ring.close()


def paths(loaded: Loaded, texts: NumberedTexts, pid: int) -> list[str]:
    """The texts of one process's rows, as far as they are the test's own, in order."""
    rows = loaded.rows("opens_files")
    texts.look(rows.keys["path"])
    numbers = rows.keys["path"][rows.keys["pid"] == pid].tolist()
    return sorted(path for number in numbers if (path := texts.by_number[number]).startswith("/nowhere/"))


def test_every_text_is_known_also_what_was_not_told(
    load: Callable[..., Loaded], texts_of: Callable[[Loaded], NumberedTexts]
) -> None:
    """2003 new paths between two looks, of which the ring has room for 963; control characters are made visible."""
    with Worker(opening("(f'/nowhere/\\x1b{n}' for n in range(2003))")) as worker:
        loaded = load("opens")
        texts = texts_of(loaded)
        worker.work()
        texts.ring.drain()
        told = len(texts.by_number)
        found = paths(loaded, texts, worker.pid)
    assert 900 < told < 2003
    assert found == sorted(f"/nowhere/␛{n}" for n in range(2003))


def test_texts_go_when_no_row_has_them(
    load: Callable[..., Loaded], texts_of: Callable[[Loaded], NumberedTexts]
) -> None:
    """Eleven times 1009 paths through a map for 4096, each round's rows deleted: all have rows, few are remembered."""
    rounds, each, room = 11, 1009, 4096
    for part in range(rounds):
        if not part:
            loaded = load("opens", rows=room)
            texts = texts_of(loaded)
        with Worker(opening(f"(f'/nowhere/{part}/\\x7f{{n}}' for n in range({each}))")) as worker:
            worker.work()
            found = paths(loaded, texts, worker.pid)
        assert len(set(found)) == len(found) == each
        rows = loaded.rows("opens_files")
        reader = loaded._readers["opens_files"]
        reader.delete(np.arange(rows.keys.size))
        for _ in range(2):
            texts.prune([loaded.rows("opens_files").keys["path"]])
    assert loaded.rows("opens_paths").keys.size < room
    assert len(texts.by_number) < 2 * room
