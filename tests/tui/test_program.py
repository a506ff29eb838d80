"""The page of a BPF program: opened from its row, with its instructions; what there is not is said."""

from __future__ import annotations

from ebtop.offer import Holder, MapUse, ProgramDetail
from ebtop.tui.pieces import Line
from ebtop.tui.programlines import program_lines
from tests.tui.scenes import dashboard, lines, shown, source_of, text

DETAIL = ProgramDetail(
    31,
    "xdp",
    "xdp_count",
    "4169de3945c17f72",
    gpl=True,
    translated_bytes=2264,
    machine_bytes=1433,
    memory_bytes=4096,
    verified=2111,
    runs=1009,
    run_ns=70_630,
    places=("xdp:eth0",),
    holders=(Holder(911, "ebtop"),),
    maps=(MapUse(3, "percpu_hash", "xdp_rows", 984_000),),
    instructions=("int xdp_count(struct xdp_md * ctx):", "; return 2;", "   0: (b7) r0 = 2", "   1: (95) exit"),
)


def words(page: list[Line]) -> list[str]:
    """Each line as text."""
    return ["".join(piece for piece, _ in line) for line in page]


async def test_enter_on_a_program_opens_its_page_and_escape_goes_back() -> None:
    """The source is asked for the one under the cursor."""
    app = dashboard(wanted=("bpf",))
    async with shown(app) as pilot:
        table = app.drawn()
        assert table is not None and table.row.opens
        source_of(app).program_details[table.row.opens] = DETAIL
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert "BPF program 31" in lines(app)[0]
        assert "1: (95) exit" in text(app)
        assert "xdp:eth0" in text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "BPF programs and maps" in lines(app)[1]


def test_every_fact_has_a_line() -> None:
    """In words and units of people."""
    said = "\n".join(words(program_lines(DETAIL)))
    for fact in (
        "xdp_count, id 31, xdp",
        "2.3 kB, 283 instructions",
        "1.4 kB",
        "2,111 instructions looked at",
        "1,009 in 70.6 µs",
        "ebtop (911)",
        "percpu_hash, 984 kB",
        "by root",
    ):
        assert fact in said


def test_what_there_is_not_is_said() -> None:
    """No answer; no bpftool; nobody who holds it."""
    assert words(program_lines(ProgramDetail(7, error="there is no BPF program 7 any more"))) == [
        " there is no BPF program 7 any more"
    ]
    note = "instructions take bpftool, which is not installed: apt install bpftool"
    said = "\n".join(words(program_lines(ProgramDetail(7, note=note))))
    for line in (note, "no process: pinned", "none, it is interpreted", "It uses no maps."):
        assert line in said
