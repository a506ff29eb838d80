"""The C text of a module, its options by machine, and the compiler's words about it."""

from __future__ import annotations

import dataclasses

import pytest

from ebtop import registry
from ebtop.kernel import source
from ebtop.kernel.source import Machine

X86 = Machine(cpus=6, kernel=(6, 1, 300), page_size=4096, architecture="x86_64")
ARM = dataclasses.replace(X86, page_size=65536, architecture="aarch64")


def test_the_machines_numbers_are_given_to_the_compiler() -> None:
    """CPUs, page size; the version's last number stops at 255."""
    assert {"-DEBTOP_CPUS=6", "-DEBTOP_PAGE_SHIFT=12"} <= set(source.options(X86))
    assert f"-DEBTOP_KERNEL={(6 << 16) + (1 << 8) + 255}" in source.options(X86)


def test_arm64_has_its_own_registers_and_page_sizes() -> None:
    """They are chosen by a definition that x86-64 does not have."""
    assert {"-DEBTOP_ARM64=1", "-DEBTOP_PAGE_SHIFT=16"} <= set(source.options(ARM))
    assert not any("ARM64" in option for option in source.options(X86))


def test_probes_stand_in_one_text_with_the_lines_of_their_files() -> None:
    """The way of each is its index; what they share stands there once."""
    text = source.module([(registry.probe("rw"), 0), (registry.probe("tcpaccept"), 2)], "struct sock;")
    assert text.count('#line 1 "ebtop.h"') == 1
    assert '#include "ebtop.h"' not in text
    assert text.index("struct sock;") < text.index("#define RW_WAY 0") < text.index("#define TCPACCEPT_WAY 2")
    assert '#line 1 "rw.c"' in text and '#line 1 "tcpaccept.c"' in text


def test_numbers_that_a_probe_is_made_with_stand_before_its_file() -> None:
    """Each whole, negative ones too; its file is that of its kind."""
    probe = registry.probe("func:u:libc:abs arg1>-4294967296")
    text = source.module([(probe, 0)], defines=(("FUNC_TYPE1", 2),))
    assert '#line 1 "func.c"' in text
    assert text.index("#define FUNC_TYPE1 (2)\n") < text.index("#define FUNC_IF0_VALUE (-4294967296LL)\n")
    assert text.index("#define FUNC_IF0_VALUE") < text.index("#define FUNC_WAY 0") < text.index('"func.c"')


def test_system_calls_have_the_machines_numbers() -> None:
    """Those that the text names, and only where the machine has them."""
    x86, arm = (source.module([(registry.probe("syscalls"), 0)], architecture=name) for name in ("x86_64", "aarch64"))
    assert "#define EBTOP_NR_exit_group 231\n" in x86
    assert "#define EBTOP_NR_exit_group 94\n" in arm
    assert "EBTOP_NR_openat" not in x86


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("a warning\n/virtual/rw.c:7:3: error: no such thing\n1 error", "rw.c:7: no such thing"),
        ("rw.c:1:1: fatal error: 'x.h' file not found\nb.c:2:2: error: more\n", "rw.c:1: 'x.h' file not found"),
        ("killed", ""),
    ],
)
def test_the_first_error_is_the_reason(log: str, error: str) -> None:
    """File, line and message, without the column."""
    assert source.first_error(log) == error


def test_the_files_in_error_are_those_that_errors_are_in() -> None:
    """Not those of warnings and notes; each once, without their folders."""
    log = (
        "/virtual/rw.c:7:3: error: no such thing\nrw.c:8:1: error: nor that\nopens.c:1:2: warning: odd\n"
        "exec.c:9:9: fatal error: enough\nblockio.c:4:4: note: declared here\n"
    )
    assert source.in_error(log) == {"rw.c", "exec.c"}
    assert source.in_error("killed") == frozenset()
