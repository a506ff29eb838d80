"""The probe tcpconnect: connections asked for, IPv4 and IPv6, made and refused."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Callable

import numpy as np
import pytest

from ebtop.sample import MapRows
from tests.kernel.loaded import Loaded
from tests.kernel.worker import Worker

pytestmark = pytest.mark.kernel

PREPARE = """
def listener(family, host):
    listening = socket.socket(family)
    listening.bind((host, 0))
    listening.listen(128)
    return listening

def connect(family, host, port):
    client = socket.socket(family)
    client.connect_ex((host, port))
    client.close()

four, six, deaf = listener(socket.AF_INET, "127.0.0.1"), listener(socket.AF_INET6, "::1"), socket.socket()
deaf.bind(("127.0.0.1", 0))
ports = [one.getsockname()[1] for one in (four, six, deaf)]
os.write(2, " ".join(map(str, ports)).encode())
"""
WORK = """
for _ in range(53):
    connect(socket.AF_INET, "127.0.0.1", ports[0])
    four.accept()[0].close()
for _ in range(31):
    connect(socket.AF_INET6, "::1", ports[1])
    six.accept()[0].close()
for _ in range(17): connect(socket.AF_INET, "127.0.0.1", ports[2])
"""


def end(address: np.void) -> tuple[str, int]:
    """A struct ebtop_address as people write it, and its port."""
    raw = address.tobytes()
    ip = ipaddress.IPv6Address(raw[:16])
    return str(ip.ipv4_mapped or ip), int.from_bytes(raw[16:20], sys.byteorder)


def made(rows: MapRows, pid: int) -> dict[tuple[str, int], tuple[int, int, int]]:
    """By remote end: connects, established, failures of one process."""
    mine = rows.keys["pid"] == pid
    result = {}
    for key, value in zip(rows.keys[mine], rows.values[mine], strict=True):
        counts = (int(value["connects"]), int(value["established"]), int(value["failures"]))
        result[end(key["remote"])] = counts
    return result


def test_connects_are_exact_by_remote_end(load: Callable[..., Loaded], capfd: pytest.CaptureFixture[str]) -> None:
    """53 over IPv4, 31 over IPv6, 17 that nobody listens to; the handshakes are timed."""
    with Worker(WORK, prepare=PREPARE) as worker:
        four, six, deaf = map(int, capfd.readouterr().err.split())
        loaded = load("tcpconnect")
        worker.work()
        loaded.detach()  # others connect, too
        rows, latency = loaded.rows("tcpconnect_rows"), loaded.rows("tcpconnect_latency")
    assert made(rows, worker.pid) == {
        ("127.0.0.1", four): (53, 53, 0),
        ("::1", six): (31, 31, 0),
        ("127.0.0.1", deaf): (17, 0, 17),
    }
    assert int(latency.values["slots"].sum()) == int(rows.values["established"].sum())
    assert int(latency.values["sum"].sum()) == int(rows.values["ns"].sum())


def test_a_full_map_counts_what_it_drops(load: Callable[..., Loaded]) -> None:
    """With room for four remote ends, the other connects are counted as dropped."""
    work = "for port in range(1, 30): connect(socket.AF_INET, '127.0.0.1', port)"
    with Worker(work, prepare=PREPARE) as worker:
        loaded = load("tcpconnect", rows=4)
        worker.work()
        loaded.detach()
        rows, totals = loaded.rows("tcpconnect_rows"), loaded.totals("tcpconnect")
    assert totals["drops"] >= 25
    assert totals["total"] == int(rows.values["connects"].sum()) + totals["drops"]
