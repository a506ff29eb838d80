"""The probe tcpresets: connections broken off by a close without lingering, and refused ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ebtop.kernel import btf
from tests.kernel.loaded import Loaded
from tests.kernel.sockets import LOW_PORTS
from tests.kernel.test_tcpconnect import end
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

SENT, RECEIVED = 0, 1
ESTABLISHED, SYN_SENT, CLOSE = 1, 2, 7
PREPARE = (
    LOW_PORTS
    + """
def reset(listening):
    client = socket.create_connection(listening.getsockname()[:2])
    server = listening.accept()[0]
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    try: server.recv(1)
    except ConnectionResetError: pass
    server.close()

def refused(nobody):
    one = socket.socket(nobody.family)
    one.connect_ex(nobody.getsockname()[:2])
    one.close()

four, six = listener("127.0.0.1"), listener("::1")
deaf, mute = bound(socket.SOCK_STREAM, "127.0.0.1"), bound(socket.SOCK_STREAM, "::1")
tell(four, six, deaf, mute)
"""
)
WORK = """
for _ in range(19): reset(four)
for _ in range(11): reset(six)
for _ in range(13): refused(deaf)
for _ in range(7): refused(mute)
"""
Seen = dict[tuple[int, int, tuple[str, int], tuple[str, int]], int]


def seen(keys: np.ndarray, counts: np.ndarray) -> Seen:
    """Resets by direction, state and both ends, whoever's they are."""
    result: Seen = {}
    for key, count in zip(keys, counts, strict=True):
        what = (int(key["direction"]), int(key["state"]), end(key["local"]), end(key["remote"]))
        result[what] = result.get(what, 0) + int(count)
    return result


def test_resets_are_exact_by_direction_state_and_ends(
    load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str]
) -> None:
    """19 and 11 that the worker sends, 13 and 7 that nobody's port answers with, and each where it arrives."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("tcpresets")
        worker.work()
        loaded.detach()
        four, six, deaf, mute = map(int, capfd.readouterr().err.split())
        rows, totals = loaded.rows("tcpresets_rows"), loaded.totals("tcpresets")
        events = loaded.events("tcpresets_events", "tcpresets_record")
    home, home6 = "127.0.0.1", "::1"
    expected = {
        (SENT, CLOSE, (home, 0), (home, four)): 19,
        (SENT, CLOSE, (home6, 0), (home6, six)): 11,
        (RECEIVED, ESTABLISHED, (home, four), (home, 0)): 19,
        (RECEIVED, ESTABLISHED, (home6, six), (home6, 0)): 11,
        (SENT, 0, (home, deaf), (home, 0)): 13,
        (SENT, 0, (home6, mute), (home6, 0)): 7,
        (RECEIVED, SYN_SENT, (home, 0), (home, deaf)): 13,
        (RECEIVED, SYN_SENT, (home6, 0), (home6, mute)): 7,
    }
    knows_reasons = "without reason" not in loaded.live["tcpresets"].hook
    if not knows_reasons:  # before Linux 6.10 no socket, no event
        expected = {what: count for what, count in expected.items() if what[:2] != (SENT, 0)}
    found = seen(rows.keys, rows.values["resets"])
    assert {what: found.get(what) for what in expected} == expected
    mine = (rows.keys["pid"] == worker.pid) & (rows.keys["direction"] == SENT)
    assert int(rows.values["resets"][mine].sum()) == 30
    reasons = dict(btf.kernel().enumerators("sk_rst_reason"))
    nobody = (rows.keys["state"] == 0) & np.isin([end(one)[1] for one in rows.keys["local"]], [deaf, mute])
    assert not knows_reasons or {reasons[int(one)] for one in rows.keys["reason"][nobody]} == {"NO_SOCKET"}
    assert totals["total"] == int(rows.values["resets"].sum()) == events.seen and totals["drops"] == 0
    sent = events.records[(events.records["pid"] == worker.pid) & (events.records["direction"] == SENT)]
    assert sent.size == 30 and len({end(one) for one in sent["local"]}) == 30
    assert all(sent["comm"].tolist())


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for one row, the other resets are counted as dropped."""
    with Worker(WORK, prepare=PREPARE) as worker:
        loaded = load("tcpresets", rows=1)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcpresets_rows"), loaded.totals("tcpresets")
    assert totals["drops"] >= 31
    assert totals["total"] == int(rows.values["resets"].sum()) + totals["drops"]
