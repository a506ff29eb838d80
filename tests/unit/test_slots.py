"""Digits and the probes they toggle."""

from __future__ import annotations

from dataclasses import replace

from ebtop import registry
from ebtop.tui import slots


def test_at_first_digits_are_as_the_probes_declare() -> None:
    """The tenth is the key 0; a probe without one has none."""
    probes = registry.probes()
    assert slots.declared(probes)[1] == "syscalls"
    many = {name: replace(probe, slot={"bpf": 10, "rw": 0}.get(name, probe.slot)) for name, probe in probes.items()}
    found = slots.declared(many)
    assert found[0] == "bpf"
    assert "rw" not in found.values()
    assert (slots.key_of(found, "bpf"), slots.key_of(found, "rw")) == ("0", "")


def test_a_digit_has_one_probe_and_a_probe_one_digit() -> None:
    """Who had the digit has none any more."""
    found = slots.assigned({1: "syscalls", 2: "rw"}, 1, "rw")
    assert found == {1: "rw"}


def test_the_order_is_that_of_the_keyboard() -> None:
    """0 comes after 9, and probes without a digit after all others, as they were."""
    probes = registry.probes()
    order = list(slots.in_order(probes, {0: "syscalls", 9: "rw", 1: "bpf"}))
    assert order[:3] == ["bpf", "rw", "syscalls"]
    assert order[3:] == [name for name in probes if name not in order[:3]]
