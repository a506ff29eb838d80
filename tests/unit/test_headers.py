"""Full headers in place of type information: what they have, what they lack, and how BCC is told."""

from __future__ import annotations

import os

import pytest

from ebtop import registry
from ebtop.kernel import btf, headers, loader, source

SOCKET = ("sock.sk_protocol", "sock.a|socket.sk", "task_struct.files")


def test_each_struct_comes_from_its_header_once() -> None:
    """Alternatives too, as one of them is there."""
    text = headers.includes(SOCKET)
    assert text == "#include <linux/net.h>\n#include <linux/sched.h>\n#include <net/sock.h>\n"


def test_every_probe_but_few_can_do_with_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel keeps struct mount, which paths need, those of run queues, workqueues, slabs to itself."""
    monkeypatch.setattr(headers, "present", lambda: True)
    lacking = {probe.name for probe in registry.probes().values() for way in probe.ways if headers.lacking(way.fields)}
    assert lacking == {"opens", "runqlen", "workqueues", "slab", "pagecache"}
    assert headers.lacking(("mount.mnt_parent",)).endswith("no header has struct mount")


def test_without_both_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line that names both."""
    monkeypatch.setattr(headers, "present", lambda: False)
    assert headers.lacking(SOCKET) == (
        "/sys/kernel/btf/vmlinux: this kernel has no type information, and its headers are not installed"
    )


def test_the_compiler_is_led_to_the_headers_only_where_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With type information, or for probes that read no struct, it gets the headers that ebtop ships."""
    monkeypatch.setattr(btf, "present", lambda: False)
    monkeypatch.setenv("BCC_KERNEL_SOURCE", "/elsewhere")
    assert "#include <net/sock.h>" in loader._declared(SOCKET)
    assert "BCC_KERNEL_SOURCE" not in os.environ
    assert loader._declared(()) == ""
    assert os.environ["BCC_KERNEL_SOURCE"] == str(source.SHIM)
