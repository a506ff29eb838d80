"""Which interfaces XDP goes on, as sysfs has them; what is refused without asking the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from ebtop.kernel import xdp
from ebtop.kernel.programs import Refused


def interface(folder: Path, name: str, flags: int = 0x1003, kind: int = 1, hardware: bool = True) -> None:
    """One interface's folder."""
    (folder / name).mkdir()
    (folder / name / "flags").write_text(f"0x{flags:x}\n")
    (folder / name / "type").write_text(f"{kind}\n")
    if hardware:
        (folder / name / "device").mkdir()


def test_the_usual_ones_are_up_and_have_hardware(tmp_path: Path) -> None:
    """Neither the loopback device nor a bridge, nor what is down."""
    interface(tmp_path, "eth1")
    interface(tmp_path, "eth0")
    interface(tmp_path, "eth2", flags=0x1002)
    interface(tmp_path, "br0", hardware=False)
    interface(tmp_path, "lo", flags=0x9, kind=772, hardware=False)
    assert xdp.usual(tmp_path) == ("eth0", "eth1")
    assert xdp.usual(tmp_path / "none") == ()


def test_frames_without_an_ethernet_header_are_not_misread(tmp_path: Path) -> None:
    """A tunnel's (ARPHRD_NONE) and one that is not there are left out, each with its reason; that leaves nothing."""
    interface(tmp_path, "wg0", kind=65534)
    with pytest.raises(Refused) as refused:
        xdp.attach(-1, ("wg0", "eth7"), tmp_path)
    assert str(refused.value) == "wg0: its frames have no Ethernet header; eth7: there is no such interface"


def test_no_interface_at_all_is_a_reason_with_a_remedy(tmp_path: Path) -> None:
    """Only the loopback device is up."""
    interface(tmp_path, "lo", flags=0x9, kind=772, hardware=False)
    with pytest.raises(Refused, match="no network interface is up and has hardware; --xdp-interfaces names others"):
        xdp.attach(-1, (), tmp_path)
