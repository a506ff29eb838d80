"""What programs and C files are told of their places, over a small tracefs made here."""

from __future__ import annotations

from pathlib import Path

import pytest

from ebtop import registry
from ebtop.kernel import btf, given, namespace
from ebtop.kernel.places import Nowhere, Place

FORMAT = """name: sys_enter_read
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int __syscall_nr;	offset:8;	size:4;	signed:1;
	field:unsigned int fd;	offset:16;	size:8;	signed:0;
	field:int flags;	offset:24;	size:8;	signed:0;
	field:char * buf;	offset:32;	size:8;	signed:0;
	field:char comm[16];	offset:40;	size:16;	signed:0;
	field:__data_loc char[] name;	offset:56;	size:4;	signed:1;
	field:short prio;	offset:60;	size:2;	signed:1;

print fmt: "x"
"""


@pytest.fixture(autouse=True)
def tracefs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One tracepoint, and a kernel without types."""
    (tmp_path / "events/syscalls/sys_enter_read").mkdir(parents=True)
    (tmp_path / "events/syscalls/sys_enter_read/format").write_text(FORMAT)
    monkeypatch.setattr(namespace, "mounted_tracefs", lambda: str(tmp_path))
    monkeypatch.setattr(btf, "present", lambda: False)


def of_file(line: str) -> dict[str, int]:
    """The macros for the probe of a line on that tracepoint."""
    probe = registry.probe(f"func:t:syscalls:sys_enter_read {line}")
    return dict(given.to_file(probe, probe.ways[0], ()))


def test_fields_are_where_the_format_says_and_of_that_type() -> None:
    """A system call's arguments are whole registers, of which an int is the half."""
    assert of_file("prio<0") == {"FUNC_FIELD0_OFFSET": 60, "FUNC_FIELD0_SIZE": 2, "FUNC_FIELD0_TYPE": 4}
    found = of_file("flags&64 fd==3 buf==0")
    assert [found[f"FUNC_FIELD{number}_TYPE"] for number in range(3)] == [2, 3, 1]
    assert [found[f"FUNC_FIELD{number}_OFFSET"] for number in range(3)] == [24, 16, 32]


def test_what_is_no_integer_field_is_told_with_those_that_are() -> None:
    """Texts, places of texts, and what all tracepoints have."""
    for name in ("comm", "name", "common_type", "nothing"):
        with pytest.raises(Nowhere, match=f"no integer field {name}; it has __syscall_nr, fd, flags, buf, prio"):
            of_file(f"{name}==1")
    assert "no integer field comm" in given.lacking(registry.probe("func:t:syscalls:sys_enter_read comm==1").ways[0])
    assert given.lacking(registry.probe("func:t:syscalls:sys_enter_read prio==1").ways[0]) == ""


def test_places_of_one_name_have_one_number() -> None:
    """Entry and return, and whatever stands in several places of a file."""
    names = ("b", "a", "b")
    places = [Place(kind, f"/lib:{name}", name) for kind in ("uprobe", "uretprobe") for name in names]
    numbered = given.numbers(places)
    assert numbered == {"a": 0, "b": 1}
    assert set(given.to_program(places[0], numbered).values()) == {1}
