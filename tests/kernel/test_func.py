"""Functions and events that a line names: exact counts, times and choices, by process and place, of every kind here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ebtop import cells, registry, wire
from ebtop.derive import derive
from ebtop.frame import TableFrame
from ebtop.kernel import bpf, elf, libraries
from ebtop.replay import Replay
from tests.kernel.loaded import Loaded, ask
from tests.kernel.terminal_session import wait_until
from tests.kernel.test_crosscheck import bpftrace
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

LIBC = "import ctypes\nlibc = ctypes.CDLL('libc.so.6')\n"
ZERO = 'zero = os.open("/dev/zero", os.O_RDONLY)'
MARKED = "/usr/bin/python3"


def calls(loaded: Loaded, pid: int) -> dict[str, int]:
    """How often each place was passed by process `pid`."""
    (live,) = loaded.live.values()
    names = dict(dict(live.enums)[live.probe])
    rows = loaded.rows("func_calls")
    mine = rows.keys["pid"] == pid
    places, counts = rows.keys["place"][mine].tolist(), rows.values["calls"][mine].tolist()
    return {names[place]: count for place, count in zip(places, counts, strict=True)}


def test_calls_of_a_function_are_counted_and_timed(load: Callable[..., Loaded]) -> None:
    """101 calls of usleep(2000): the histogram, the rows and the books agree on number and time."""
    work = """
begun = time.monotonic_ns()
for _ in range(101): libc.usleep(2000)
os.write(1, str(time.monotonic_ns() - begun).encode())
"""
    with Worker(work, prepare=LIBC) as worker:
        loaded = load("func:u:libc:usleep")
        worker.work()
        loaded.detach()
        rows, latency = loaded.rows("func_calls"), loaded.rows("func_latency")
        totals = loaded.totals("func")
        assert calls(loaded, worker.pid) == {"usleep": 101}
        most = int(worker.said())
    mine = rows.values[rows.keys["pid"] == worker.pid]
    assert 101 * 2_000_000 <= int(mine["ns"].sum()) <= most
    assert int(mine["max_ns"].max()) >= 2_000_000
    assert int(latency.values["slots"].sum()) == totals["total"] == int(rows.values["calls"].sum())
    assert int(latency.values["sum"].sum()) == int(rows.values["ns"].sum())
    assert (totals["drops"], totals["unmatched"]) == (0, 0)


def test_calls_within_calls_are_timed_each_for_itself(load: Callable[..., Loaded]) -> None:
    """qsort calls back 1 time for 2 elements, and what is called back sorts again: 7 deep, none is mixed up."""
    prepare = f"""{LIBC}
pair = (ctypes.c_int * 2)(2, 1)
Compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def compare(a, b):
    global depth
    depth += 1
    if depth < 7: libc.qsort(pair, 2, 4, again)
    time.sleep(0.002)
    return 1
again = Compare(compare)
"""
    with Worker("depth = 0\nlibc.qsort(pair, 2, 4, again)", prepare=prepare) as worker:
        loaded = load("func:u:libc:qsort")
        worker.work()
        rows, totals = loaded.rows("func_calls"), loaded.totals("func")
    mine = rows.values[rows.keys["pid"] == worker.pid]
    assert int(mine["calls"].sum()) == 7
    assert int(mine["ns"].sum()) >= 2_000_000 * (1 + 2 + 3 + 4 + 5 + 6 + 7)
    assert totals["unmatched"] == 0


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        ("arg1>5", 95),
        ("arg1>=5 arg1!=7", 95),
        ("arg1&1", 50),
        ("ret<10", 10),
        ("ret>=10 arg1<50", 40),
        ("(int)arg1<0", 0),
        ("(unsigned char)ret==100", 1),
        ("arg1>9223372036854775807", 0),
    ],
)
def test_only_calls_that_meet_every_condition_are_counted(
    load: Callable[..., Loaded], conditions: str, count: int
) -> None:
    """abs of 0 to 100: what it is given and what it returns."""
    with Worker("for n in range(101): libc.abs(n)", prepare=LIBC) as worker:
        loaded = load(registry.probe(f"func:u:libc:abs {conditions}").name)
        worker.work()
        assert calls(loaded, worker.pid).get("abs", 0) == count
        assert loaded.totals("func")["unmatched"] == 0


def test_a_cast_says_how_wide_a_number_is(load: Callable[..., Loaded]) -> None:
    """close returns an int: as a long, its -1 is a large number."""
    work = "for _ in range(13): libc.close(9998)"
    for cast, count in (("(int)", 13), ("", 0)):
        with Worker(work, prepare=LIBC) as worker:
            loaded = load(f"func:u:libc:close {cast}ret<0")
            worker.work()
            assert calls(loaded, worker.pid).get("close", 0) == count


def test_a_pattern_counts_each_of_its_functions(load: Callable[..., Loaded]) -> None:
    """Two of the many that begin so, by name; every program on its place."""
    with Worker("for _ in range(31): libc.getppid(), libc.getuid(), libc.getuid()", prepare=LIBC) as worker:
        loaded = load("func:u:libc:get*id")
        worker.work()
        found = calls(loaded, worker.pid)
    assert (found["getppid"], found["getuid"]) == (31, 62)
    assert len(loaded.live["func:u:libc:get*id"].targets) >= 20


@pytest.mark.parametrize(
    "way", ["fentry and fexit", "kprobe and kretprobe", "fentry, counts only", "kprobe, counts only"]
)
def test_functions_of_the_kernel_are_counted_where_they_can_be_hooked(way: str) -> None:
    """97 reads of 1021 bytes, of which the kernel's own types say how wide they are; else why not is said."""
    line = "func:k:vfs_read arg3==1021" + ("" if "counts" in way else " ret==1021")
    with Worker("for _ in range(97): os.read(zero, 1021)", prepare=ZERO) as worker:
        loaded = loaded_or_expected_to_fail(line, way)
        worker.work()
        assert calls(loaded, worker.pid) == {"vfs_read": 97}
        totals = loaded.totals("func")
        loaded.close()
    assert (totals["drops"], totals["unmatched"]) == (0, 0)


@pytest.mark.parametrize("way", ["fentry and fexit", "kprobe and kretprobe"])
def test_what_a_function_of_the_kernel_returns_is_as_wide_as_its_type(way: str, tmp_path: Path) -> None:
    """vfs_rmdir returns an int: 13 folders that are not empty are less than nothing, one that is is not."""
    (tmp_path / "full/of").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    work = """
for _ in range(13):
    try: os.rmdir("full")
    except OSError: pass
os.rmdir("empty")
"""
    with Worker(work, folder=tmp_path) as worker:
        loaded = loaded_or_expected_to_fail("func:k:vfs_rmdir ret<0", way)
        worker.work()
        assert calls(loaded, worker.pid) == {"vfs_rmdir": 13}
        loaded.close()


def loaded_or_expected_to_fail(line: str, way: str) -> Loaded:
    """The probe by that way only; where the kernel has no place for it, it has to say so, and that is expected."""
    try:
        return Loaded((line,), way=way)
    except AssertionError as error:
        if any(lack in str(error) for lack in ("without CONFIG_KPROBES", "refuses every program there")):
            pytest.xfail(str(error).splitlines()[0])
        raise


def test_a_process_with_a_root_of_its_own_is_named_by_it(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """The library in a chroot is another file than the host's: 23 calls in it, none of those outside."""
    source = os.path.realpath(libraries.library("libc"))
    inside = tmp_path / source.lstrip("/")
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.write_bytes(Path(source).read_bytes())
    text = f"import ctypes, os\nown = ctypes.CDLL({str(inside)!r})\nos.chroot({str(tmp_path)!r})"
    with (
        Worker("for _ in range(23): own.abs(1)", prepare=text) as contained,
        Worker("for _ in range(29): libc.abs(1)", prepare=LIBC) as host,
    ):
        loaded = load(f"func:u:/proc/{contained.pid}/root{source}:abs")
        contained.work()
        host.work()
        assert (calls(loaded, contained.pid), calls(loaded, host.pid)) == ({"abs": 23}, {})


def test_only_counting_is_as_exact(load: Callable[..., Loaded]) -> None:
    """By the entry alone, with conditions on what is given."""
    with Worker("for n in range(101): libc.abs(n)", prepare=LIBC) as worker:
        loaded = load("func:u:libc:abs arg1>=50", way="uprobe, counts only")
        worker.work()
        assert calls(loaded, worker.pid) == {"abs": 51}
        assert not loaded.rows("func_calls").values["ns"].any()


@pytest.mark.parametrize(
    ("line", "place", "count"),
    [
        ("t:syscalls:sys_enter_getppid", "syscalls:sys_enter_getppid", 101),
        ("t:syscalls:sys_exit_close ret<0", "syscalls:sys_exit_close", 23),
        ("t:syscalls:sys_enter_close fd==9998", "syscalls:sys_enter_close", 23),
        ("t:raw_syscalls:sys_enter id==110", "raw_syscalls:sys_enter", 101),
        ("rt:sys_enter arg2==110", "sys_enter", 101),
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of system calls are those of x86-64")
def test_events_of_the_kernel_are_counted_by_their_fields(
    load: Callable[..., Loaded], line: str, place: str, count: int
) -> None:
    """101 calls of getppid (110), 23 closes of a descriptor that is not open, 7 of one that is."""
    work = """
for _ in range(101): libc.getppid()
for _ in range(23): libc.close(9998)
for _ in range(7): os.close(os.dup(1))
"""
    with Worker(work, prepare=LIBC) as worker:
        loaded = load(f"func:{line}")
        worker.work()
        assert calls(loaded, worker.pid) == {place: count}


def test_a_static_marker_is_switched_on_and_off(load: Callable[..., Loaded]) -> None:
    """Python looks at a counter before it says that it collects garbage: 23 times while the probe is there."""
    if not os.path.exists(MARKED) or not elf.markers(MARKED):
        pytest.xfail("no interpreter with static markers is here")
    text = "import gc, sys\nfor line in sys.stdin:\n    for _ in range(23): gc.collect()\n    print('done', flush=True)"
    command = [MARKED, "-S", "-c", f"import gc\ngc.disable()\n{text}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as python:
        assert python.stdin and python.stdout

        def collect() -> None:
            assert python.stdin and python.stdout
            python.stdin.write(b"\n")
            python.stdin.flush()
            assert python.stdout.readline() == b"done\n"

        collect()
        loaded = load(f"func:usdt:{MARKED}:python:gc__*")
        collect()
        found = calls(loaded, python.pid)
        loaded.detach()
        collect()
        assert calls(loaded, python.pid) == found == {"python:gc__done": 23, "python:gc__start": 23}
        python.stdin.close()


def test_a_full_map_counts_what_it_drops_and_own_processes_are_left_out(load: Callable[..., Loaded]) -> None:
    """Forty processes in room for 8 rows: what is shown and what was dropped is the total."""
    work = """
for n in range(40):
    pid = os.fork()
    if not pid:
        for _ in range(7): libc.getppid()
        os._exit(0)
    os.waitpid(pid, 0)
"""
    with Worker(work, prepare=LIBC) as worker, Worker("libc.getppid()", prepare=LIBC) as own:
        loaded = load("func:u:libc:getppid", rows=8, own_pids=frozenset({own.pid}))
        own.work()
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("func_calls"), loaded.totals("func")
    assert rows.keys.size <= 8 and not (rows.keys["pid"] == own.pid).any()
    assert totals["total"] == int(rows.values["calls"].sum()) + totals["drops"] >= 280
    assert totals["drops"] > 0


def test_several_run_beside_each_other_and_beside_probes() -> None:
    """Each is left to a loader of its own by that of the others."""
    together = ask({"syscalls": 1, "func:u:libc:getppid": 2, "func:t:sched:sched_switch": 3})
    live = {one.probe for one in together.messages if isinstance(one, wire.Live)}
    together.let_go()
    assert live == {"syscalls"} and together.status == 75


def test_what_cannot_be_hooked_says_why_and_what_could_be_meant() -> None:
    """As the panel says it: a pattern that fits too much with its number, a name with the nearest."""
    for line, says in (
        ("u:libc:*", "places, more than 40: narrow it"),
        ("u:libc:getaddrinf", "did you mean getaddrinfo?"),
        ("t:sched:sched_swich", "did you mean sched:sched_switch?"),
        ("t:sched:sched_switch prio>1", "has no integer field prio; it has prev_pid"),
    ):
        last = ask({f"func:{line}": 1}).messages[-1]
        assert isinstance(last, wire.Progress) and last.state == "failed"
        assert says in last.error


def test_bpftrace_sees_the_same(load: Callable[..., Loaded]) -> None:
    """Calls of one function by one process, and those of them above a bound."""
    place = f"uprobe:{libraries.library('libc')}:abs"
    script = f"""
{place} /pid == $1 && $2/ {{ @all = count(); }}
{place} /pid == $1 && arg0 > 41/ {{ @large = count(); }}
BEGIN {{ printf("ready\\n"); }}
"""
    with Worker("for n in range(101): libc.abs(n)", prepare=LIBC) as worker, bpftrace(worker.pid, script) as stop:
        loaded, large = load("func:u:libc:abs"), load("func:u:libc:abs arg1>41")
        worker.work()
        theirs = stop()
        assert theirs == {"@all": calls(loaded, worker.pid)["abs"], "@large": calls(large, worker.pid)["abs"]}
        assert theirs == {"@all": 101, "@large": 59}


def test_a_recording_of_functions_is_played_with_their_names(tmp_path: Path) -> None:
    """Recorded beside a program, read where no more is known of the probe than what it is called: 23 calls."""
    path = tmp_path / "r.ebtop"
    command = [sys.executable, "-m", "ebtop", "--no-config", "record", "--func", "u:libc:get*id", str(path)]
    program = ["--", sys.executable, "-S", "-c", "import os\nfor _ in range(23): os.getppid()"]
    done = subprocess.run([*command, *program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    source, name = Replay(str(path)), "func:u:libc:get*id"
    try:
        assert source.recorded == (name,)
        *_, last = source._samples()
    finally:
        source.close()
    frame = derive(last, None, registry.known((name,)))
    table = frame.probes[name].views["by_place"]
    assert isinstance(table, TableFrame)
    places = cells.cells(frame, table.view.keys[0], table.keys)
    assert dict(zip(places, table.columns["calls_total"].tolist(), strict=True))["getppid"] == 23


def test_killed_it_leaves_nothing_attached(tmp_path: Path) -> None:
    """kill -9 of both processes in the midst of a recording of a pattern: its programs go with them."""
    before = programs()
    command = [sys.executable, "-m", "ebtop", "--no-config", "record", "--for", "60s", "--func", "u:libc:get*id"]
    with subprocess.Popen([*command, str(tmp_path / "r.ebtop")], stderr=subprocess.DEVNULL) as warden:
        wait_until(lambda: len(programs() - before) >= 20)
        children = Path(f"/proc/{warden.pid}/task/{warden.pid}/children").read_text().split()
        for pid in (*map(int, children), warden.pid):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not programs() - before)


def programs() -> frozenset[int]:
    """Ids of the host's programs for functions that a line names."""
    found = set()
    for number in bpf.ids(bpf.PROG_NEXT_ID):
        if (descriptor := bpf.by_id(bpf.PROG_BY_ID, number)) is not None:
            name = bpf.info(descriptor, 80)[64:80].split(b"\0", 1)[0]
            os.close(descriptor)
            if name in (b"func_enter", b"func_leave"):
                found.add(number)
    return frozenset(found)
