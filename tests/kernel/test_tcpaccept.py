"""The probe tcpaccept: who is connected to, from where, and how full the backlog is, on each of its ways."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from ebtop.kernel import programs
from tests.kernel.loaded import Loaded
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

WAYS = ("fexit", "kretprobe", "tracepoint") if programs.KPROBE_UNIT.exists() else ("tracepoint",)
"""Those that this kernel can have: without kprobes it has no fexit either."""
WORK = """
for listening, count in ((four, 41), (six, 29)):
    for _ in range(count):
        client = socket.socket(listening.family)
        client.connect(listening.getsockname()[:2])
        listening.accept()[0].close()
        client.close()
"""
PREPARE = """
def listener(family, host, backlog):
    listening = socket.socket(family)
    listening.bind((host, 0))
    listening.listen(backlog)
    return listening

four, six = listener(socket.AF_INET, "127.0.0.1", 7), listener(socket.AF_INET6, "::1", 11)
os.write(2, " ".join(str(one.getsockname()[1]) for one in (four, six)).encode())
"""


@pytest.mark.parametrize("way", WAYS)
def test_accepts_are_exact_by_both_ends(
    load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str], way: str
) -> None:
    """41 over IPv4 and 29 over IPv6, by process, local and remote end, with the limit of the backlog."""
    with Worker(WORK, prepare=PREPARE) as worker:
        four, six = map(int, capfd.readouterr().err.split())
        loaded = load("tcpaccept", way=way)
        worker.work()
        rows, events = loaded.rows("tcpaccept_rows"), loaded.events("tcpaccept_events", "tcpaccept_record")
    mine = rows.keys["pid"] == worker.pid
    shown = {}
    for key, value in zip(rows.keys[mine], rows.values[mine], strict=True):
        shown[end(key["local"]), end(key["remote"])] = (
            int(value["accepts"]),
            int(value["backlog"]),
            int(value["backlog_limit"]),
        )
    assert shown == {
        (("127.0.0.1", four), ("127.0.0.1", 0)): (41, 0, 7),
        (("::1", six), ("::1", 0)): (29, 0, 11),
    }
    told = events.records[events.records["pid"] == worker.pid]
    assert told.size == 70
    assert all(end(remote)[1] > 0 for remote in told["remote"])
    assert [end(local)[1] for local in told["local"]] == [four] * 41 + [six] * 29


@pytest.mark.parametrize("way", WAYS)
def test_the_backlog_is_what_still_waits(
    load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str], way: str
) -> None:
    """Five clients wait; each accept leaves one less behind."""
    with Worker("for _ in range(5): four.accept()[0].close()", prepare=PREPARE) as worker:
        port = int(capfd.readouterr().err.split()[0])
        loaded = load("tcpaccept", way=way)
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
        worker.work()
        events = loaded.events("tcpaccept_events", "tcpaccept_record").records
        rows = loaded.rows("tcpaccept_rows")
        for client in clients:
            client.close()
    told = events[events["pid"] == worker.pid]
    assert told["backlog"].tolist() == [4, 3, 2, 1, 0]
    assert set(told["backlog_limit"].tolist()) == {7}
    assert [end(one)[0] for one in told["remote"]] == ["127.0.0.1"] * 5
    assert rows.values["max_backlog"][rows.keys["pid"] == worker.pid].tolist() == [4]


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, the other listener's accepts are counted as dropped; their events are all there."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("tcpaccept", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcpaccept_rows"), loaded.totals("tcpaccept")
        events = loaded.events("tcpaccept_events", "tcpaccept_record")
    assert totals["drops"] >= 29
    assert totals["total"] == int(rows.values["accepts"].sum()) + totals["drops"]
    assert totals["total"] == events.seen + totals["lost"]
