"""A program that burns CPU in a known function, compiled with and without frame pointers; skips without a compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_TEXT = """
static volatile unsigned long turns;
#define TURN for (unsigned long i = 0; i < 10000000UL; i++) turns += i
__attribute__((noinline)) void burn_leaf(void) { TURN; }
__attribute__((noinline)) void burn_here(void) { TURN; burn_leaf(); TURN; }
__attribute__((noinline)) void burn_outer(void) { for (;;) { burn_here(); turns++; } }
int main(void) { burn_outer(); return 0; }
"""
"""With frame pointers there is none all the same in burn_leaf, as compilers have it: it calls nobody."""
_KEEP = {True: "-fno-omit-frame-pointer", False: "-fomit-frame-pointer"}


class Burner:
    """Runs until the block ends."""

    def __init__(self, folder: Path, name: str, frame_pointers: bool) -> None:
        compiler = shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            pytest.skip("there is no C compiler here")
        self.path = folder / name
        words = [compiler, "-O1", _KEEP[frame_pointers], "-x", "c", "-", "-o", str(self.path)]
        subprocess.run(words, input=_TEXT, text=True, check=True)
        self._process = subprocess.Popen([str(self.path)])
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
