"""One XDP program on several network interfaces, each by a link of its own; knows nothing of what it counts.

A link (BPF_LINK_CREATE, Linux 5.9) never takes the place of another's program, and detaches when its descriptor is
closed, however its process ended. What the kernel answers: dev_xdp_attach in net/core/dev.c.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ebtop.kernel import bpf
from ebtop.kernel.programs import Attachment, Refused

MOST = 64
"""Interfaces at a time: each takes a descriptor of those that one message may carry."""
_CLASS = Path("/sys/class/net")
_LINK_CREATE, _BPF_XDP = 28, 37
"""enum bpf_cmd and enum bpf_attach_type."""
_MODES = ((1 << 2, "native"), (1 << 1, "generic"))
"""XDP_FLAGS_DRV_MODE and XDP_FLAGS_SKB_MODE of include/uapi/linux/if_link.h, in the order they are tried."""
_TAKEN = (errno.EBUSY, errno.EEXIST)
"""There is a program in the same mode; in the other one."""
_IFF_UP = 1
_WITH_ETHERNET_HEADER = (1, 772)
"""ARPHRD_ETHER and ARPHRD_LOOPBACK of include/uapi/linux/if_arp.h: frames of others begin in another way."""


@dataclass(frozen=True, slots=True)
class Attached:
    """Where the program is, and where it could not be."""

    places: Mapping[str, Attachment]
    """By "xdp:NAME (native)" or "xdp:NAME (generic)"."""
    left_out: tuple[str, ...]
    """For each interface without it, one line that says why."""


def attach(program: int, names: Sequence[str], folder: Path = _CLASS) -> Attached:
    """Put `program` on the interfaces `names`, on `usual` ones for none. Refused when there is no place for it."""
    places: dict[str, Attachment] = {}
    left_out: list[str] = []
    wanted = tuple(names) or usual(folder)
    for name in wanted[:MOST]:
        if why := _unfit(folder / name):
            left_out.append(f"{name}: {why}")
            continue
        try:
            mode, link = _link(program, socket.if_nametoindex(name))
        except OSError as error:
            left_out.append(f"{name}: {_reason(error)}")
            continue
        places[f"xdp:{name} ({mode})"] = Attachment(link, -1)
    if wanted[MOST:]:
        left_out.append(f"{len(wanted) - MOST} more interfaces: {MOST} are watched at a time")
    if not places:
        raise Refused(
            "; ".join(left_out) or "no network interface is up and has hardware; --xdp-interfaces names others"
        )
    return Attached(places, tuple(left_out))


def usual(folder: Path = _CLASS) -> tuple[str, ...]:
    """Interfaces that are up and have hardware below them, by name.

    What crosses bridges, bonds, tunnels and containers has mostly come in by one of those, and would count twice;
    the loopback device would have to copy each of its large packets first (netif_receive_generic_xdp).
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return ()
    return tuple(name for name in names if (folder / name / "device").exists() and _flags(folder / name) & _IFF_UP)


def _flags(interface: Path) -> int:
    try:
        return int((interface / "flags").read_text(), 16)
    except OSError:  # gone by now
        return 0


def _unfit(interface: Path) -> str:
    try:
        kind = int((interface / "type").read_text())
    except OSError:
        return "there is no such interface"
    return "" if kind in _WITH_ETHERNET_HEADER else "its frames have no Ethernet header"


def _link(program: int, index: int) -> tuple[str, int]:
    """Mode and descriptor of a new link; OSError of the last mode that made sense to try."""
    for flags, mode in _MODES:
        attributes = bytearray(struct.pack("=IIIIQ", program, index, _BPF_XDP, flags, 0))
        try:
            return mode, bpf.bpf(_LINK_CREATE, attributes)
        except OSError as error:
            if mode == _MODES[-1][1] or error.errno in _TAKEN:
                raise
    raise AssertionError("the last mode returns or raises")


def _reason(error: OSError) -> str:
    if error.errno in _TAKEN:
        return "another XDP program is there and stays"
    if error.errno == errno.EINVAL:
        return "this kernel makes no XDP links (Linux 5.9 brought them)"
    return f"the kernel did not attach the program ({error.strerror})"
