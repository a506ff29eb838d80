"""What the drawing process may have bpftrace run: whatever traces, nothing that reads or writes root's files."""

from __future__ import annotations

import os
import selectors
from pathlib import Path

import pytest

from ebtop import wire
from ebtop.bpftrace import declaring
from ebtop.kernel import attachments, bpf
from ebtop.warden import scripts
from ebtop.warden.permitted import LONGEST, refusal

HARMLESS = (
    "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }",
    'tracepoint:raw_syscalls:sys_enter /comm == "cat"/ { @cat = count(); }',
    "#include <linux/sched.h>\n#include <net/sock.h>\nBEGIN { @ = 1 }",
    "#!/usr/bin/env bpftrace\n// this includes what is important\nBEGIN { concat(1) }",
)
FILES = (
    'BEGIN { cat("/etc/shadow"); }',
    'BEGIN { cat /* */ // (\n ("/etc/shadow"); }',
    '#define c cat\nBEGIN { c("/etc/shadow"); }',
    '#define c ca\\\nt\nBEGIN { c("/etc/shadow"); }',
    '#include "/etc/shadow"\nBEGIN { }',
    "#include </etc/shadow>\nBEGIN { }",
    "#include <../../etc/shadow>\nBEGIN { }",
    "#include <linux/sched.h>\n # /* */ include SHADOW\nBEGIN { }",
    "#inc\\\nlude </etc/shadow>\nBEGIN { }",
    'struct x { int a;\n%:include "/etc/shadow"\n};\nBEGIN { }',
    "#include_next </etc/shadow>\nBEGIN { }",
    'import "/root";\nBEGIN { }',
    'fentry:dev_queue_xmit { $done = skboutput("/etc/passwd", args.skb, 9, 0); }',
)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_traces_runs(text: str) -> None:
    """Headers of the system, a program called cat and words in comments included."""
    assert refusal(text) == ""


@pytest.mark.parametrize("text", FILES)
def test_what_reaches_for_files_does_not_and_the_remedy_is_named(text: str) -> None:
    """However it is written."""
    assert "--bt" in refusal(text)


@pytest.mark.parametrize(
    "text", ["cat" + "/**/" * 4000, "#" + "/**/" * 4000, "cat" + " " * 16000, "#/*" * 5000], ids=range(4)
)
def test_no_text_is_looked_at_for_ever(text: str) -> None:
    """Comments and blanks without end, behind which nothing stands."""
    assert refusal(text) == ""


def test_a_program_is_as_long_as_may_be_typed_and_no_longer() -> None:
    """One bound on either side of the wire."""
    assert LONGEST == declaring.LONGEST
    assert refusal("x" * LONGEST) == ""
    assert str(LONGEST) in refusal("x" * (LONGEST + 1))
    assert "NUL" in refusal("BEGIN { }\0")


@pytest.mark.parametrize("path", sorted(Path("/usr/sbin").glob("*.bt")), ids=lambda path: path.name)
def test_packaged_programs_run(path: Path) -> None:
    """All but the one that prints a file."""
    text = path.read_text("utf-8")
    assert bool(refusal(text)) == ("cat(" in text)


def test_only_what_ebtop_was_started_with_runs_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two programs that print a file one is refused, in its panel; the other is begun."""
    begun: list[str] = []

    def fork(task: object) -> None:
        begun.append("one")
        raise InterruptedError

    monkeypatch.setattr(scripts, "found", lambda _: "/usr/bin/bpftrace")
    monkeypatch.setattr(scripts, "fork", fork)
    said: list[wire.OfProbe] = []
    given, typed = (declaring.named(f'BEGIN {{ cat("/etc/{name}"); }}') for name in ("issue", "shadow"))
    with selectors.DefaultSelector() as selector:
        running = scripts.Scripts(None, selector, lambda message, _: said.append(message), begun_with=(given,))  # type: ignore[arg-type]  # nothing is begun
        running.start(typed, 1)
        assert not begun
        with pytest.raises(InterruptedError):
            running.start(given, 2)
    assert begun == ["one"]
    assert isinstance(said[0], wire.Progress) and (said[0].state, said[0].serial) == ("failed", 1)
    assert "--bt" in said[0].error


def test_descriptors_of_programs_are_closed_where_the_kernel_does_not_say_what_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the second of three: the first is closed again as well."""
    opened: list[int] = []

    def by_id(_: int, number: int) -> int:
        opened.append(os.open("/dev/null", os.O_RDONLY))
        return opened[-1]

    def info(descriptor: int) -> bytes:
        if len(opened) == 2:
            raise PermissionError
        return bytes(8)

    held = [attachments.Held(1, number, "prog", number) for number in (7, 7, 8, 9)]
    monkeypatch.setattr(attachments, "descriptors_of", lambda pid: iter(held))
    monkeypatch.setattr(bpf, "by_id", by_id)
    monkeypatch.setattr(bpf, "info", info)
    with pytest.raises(PermissionError):
        scripts._programs(1)
    assert len(opened) == 2
    assert not any(os.path.exists(f"/proc/self/fd/{descriptor}") for descriptor in opened)
