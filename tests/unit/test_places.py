"""Every place that a hook's target means, in this machine's own C library, in this interpreter, in broken files."""

from __future__ import annotations

import os
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ebtop.kernel import elf, hooks, libraries, listing, places, programs, spots
from ebtop.kernel.places import Nowhere, Place
from ebtop.spec import Hook

LIBC = os.path.realpath(libraries.library("libc"))
PYTHON = "/usr/bin/python3"


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test asks anew; uprobes are there."""
    monkeypatch.setattr(programs, "UPROBE_UNIT", Path("/"))
    places.places.cache_clear()
    spots._find.cache_clear()


def test_a_function_of_a_library_is_a_place_in_its_file() -> None:
    """Where the dynamic linker finds it, less where the file is loaded."""
    (found,) = places.places("uprobe", "libc:getaddrinfo", 1)
    assert (found.target, found.name, found.file) == (f"{LIBC}:getaddrinfo", "getaddrinfo", LIBC)
    maps = Path("/proc/self/maps").read_text().splitlines()
    import ctypes

    address = ctypes.cast(ctypes.CDLL(None).getaddrinfo, ctypes.c_void_p).value
    assert address is not None
    lines = [line.split() for line in maps if line.endswith(LIBC)]
    for area, _, offset, *_ in lines:
        begin, end = (int(one, 16) for one in area.split("-"))
        if begin <= address < end:
            assert address - begin + int(offset, 16) == found.offset
            return
    raise AssertionError("the library is not where it was found")


def test_a_pattern_means_each_place_once_and_no_more_than_it_may() -> None:
    """Of names for one place the shortest is taken: malloc is also called __libc_malloc."""
    found = places.places("uretprobe", "libc:*malloc", 40)
    assert "malloc" in {one.name for one in found}
    assert len({one.offset for one in found}) == len(found)
    with pytest.raises(Nowhere, match=r"fits \d+ places, more than 7: narrow it"):
        places.places("uprobe", "libc:get*", 7)


def test_what_is_not_there_says_what_could_be_meant() -> None:
    """The nearest function; a file that is none; several files; a function that programs choose for themselves."""
    with pytest.raises(Nowhere, match="no function getaddrinf; did you mean getaddrinfo"):
        places.places("uprobe", "libc:getaddrinf", 1)
    with pytest.raises(Nowhere, match="/etc/passwd: it is not an ELF file"):
        places.places("uprobe", "/etc/passwd:x", 1)
    with pytest.raises(Nowhere, match="/nowhere: No such file"):
        places.places("uprobe", "/nowhere:x", 1)
    with pytest.raises(Nowhere, match="not a regular file"):
        places.places("uprobe", "/dev/null:x", 1)
    with pytest.raises(Nowhere, match="a single program or library"):
        places.places("uprobe", "/usr/lib/*:x", 1)


def test_a_marker_has_a_place_and_a_counter_that_says_whether_it_is_hooked() -> None:
    """The counter lies in what is loaded to be written."""
    if not os.path.exists(PYTHON) or not elf.markers(PYTHON):
        pytest.skip("an interpreter with static markers")
    found = places.places("usdt", f"{PYTHON}:python:gc__*", 16)
    assert {one.name for one in found} == {"python:gc__start", "python:gc__done"}
    assert all(one.semaphore and one.offset for one in found)
    content = Path(PYTHON).read_bytes()
    assert all(content[one.semaphore : one.semaphore + 2] == bytes(2) for one in found)


def test_a_file_that_others_may_exchange_is_hooked_as_it_was_read(tmp_path: Path) -> None:
    """By its descriptor; one that only root can exchange by its name."""
    copy = tmp_path / "libown.so"
    copy.write_bytes(Path(LIBC).read_bytes())
    os.chmod(tmp_path, 0o777)
    (found,) = places.places("uprobe", f"{copy}:getaddrinfo", 1)
    assert os.path.samefile(found.file, copy) and found.file.startswith("/proc/self/fd/")
    assert found.target == f"{copy}:getaddrinfo"


def test_reading_a_file_cannot_take_all_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child that reads has a bound, and who asked hears of it."""
    broken = tmp_path / "broken"
    broken.write_bytes(Path(LIBC).read_bytes()[:60] + struct.pack("<HH", 9, 9))
    with pytest.raises(Nowhere, match="broken: "):
        places.places("uprobe", f"{broken}:x", 1)

    def too_much(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(spots, "function_spots", too_much)
    with pytest.raises(Nowhere, match="more time or memory"):
        places.places("uprobe", f"{sys.executable}:x", 1)


def test_patterns_of_the_kernel_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """In order; whatever cannot be listed is told of; near names are those of the same kind."""
    known = ["sched:sched_switch", "sched:sched_wakeup", "irq:softirq_exit"]
    monkeypatch.setattr(listing, "tracepoints", lambda: iter(known))
    found = places.places("tracepoint", "sched:*", 2)
    assert found == tuple(Place("tracepoint", name, name) for name in known[:2])
    assert places.near("tracepoint", "sched:sched_swich") == "; did you mean sched:sched_switch?"
    with pytest.raises(Nowhere, match="fits nothing"):
        places.places("tracepoint", "block:*", 2)

    def unreadable() -> None:
        raise listing.Nothing("tracefs is readable for root only")

    monkeypatch.setattr(listing, "tracepoints", unreadable)
    places.places.cache_clear()
    with pytest.raises(Nowhere, match="root only"):
        places.places("tracepoint", "sched:*", 2)
    assert places.near("tracepoint", "sched:sched_swich") == ""


def test_a_hook_in_a_file_is_there_when_its_function_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """And has all the places of the first alternative that is."""
    hook = Hook("uprobe", "libc:no_such_function|libc:getaddrinfo", "f")
    assert hooks.present(hook) == "libc:getaddrinfo"
    assert [one.name for one in hooks.all_places(hook)] == ["getaddrinfo"]
    assert hooks.all_places(Hook("uprobe", "libc:no_such_function", "f")) == ()
    monkeypatch.setattr(programs, "UPROBE_UNIT", Path("/no/such/unit"))
    assert "CONFIG_UPROBE_EVENTS" in hooks.available(hook)


def test_the_child_that_reads_has_nothing_else_and_ends_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the descriptors that its parent has open, the file and the pipe for its answer."""
    import ctypes

    secret, _ = held = os.pipe()

    def look(descriptor: int, *_: object) -> spots._Said:
        death = ctypes.c_int()
        ctypes.CDLL(None).prctl(2, ctypes.byref(death))  # PR_GET_PDEATHSIG
        there = []
        for number in range(3, 512):
            with suppress(OSError):
                os.fstat(number)
                there.append(number)
        return spots._Said(error=f"{len(there)} {secret in there} {descriptor in there} {death.value}")

    monkeypatch.setattr(spots, "_read", look)
    with pytest.raises(Nowhere, match=f": 3 False True {signal.SIGKILL.value}$"):  # and where it waits to be counted
        places.places("uprobe", f"{sys.executable}:x", 1)
    for descriptor in held:
        os.close(descriptor)
