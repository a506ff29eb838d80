"""One module of C compiled by BCC: its instructions and its maps; knows nothing of probes, hooks or the wire.

The only place that imports bcc. It uses libbcc's own functions and none of BCC's classes: those load and attach by
the names of functions, which is decided elsewhere.
"""

from __future__ import annotations

import ctypes
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ebtop.trusted import changed_by_others

_PLACES = ("/usr/lib/python3/dist-packages", "/usr/local/lib/python3/dist-packages")
"""Where Debian and its like put modules that any Python 3 may use; others have a folder for each version of Python."""
_OTHER_PLACES = ("python3.*/site-packages", "python3/site-packages")
_LIBRARIES = (Path("/usr/lib64"), Path("/usr/lib"))


class CompileError(Exception):
    """BCC could not make a module of the text; why is in what it wrote to stderr."""


class NoCompiler(Exception):  # noqa: N818 - it is what is missing
    """BCC's Python module, or the library it needs, is not there."""


@dataclass(frozen=True, slots=True)
class CompiledMap:
    """One map of a module, already created in the kernel."""

    name: str
    descriptor: int
    """The module's own: closed with it."""
    type: int
    key_size: int
    value_size: int
    max_entries: int
    flags: int
    key: str
    """BCC's description of the key's C type, JSON."""
    value: str


class Module:
    """A compiled text. Its maps exist in the kernel until the process ends."""

    def __init__(self, text: str, options: Sequence[str]) -> None:
        """Compile; CompileError when that fails, with clang's words on descriptor 2. Not for two threads at once."""
        self._lib = library()
        arguments = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        self._module = self._lib.bpf_module_create_c_from_string(text.encode(), 0, arguments, len(options), True, None)
        if not self._module:
            raise CompileError

    def maps(self) -> tuple[CompiledMap, ...]:
        """Every map, in the module's order."""
        return tuple(self._map(number) for number in range(self._lib.bpf_num_tables(self._module)))

    def _map(self, number: int) -> CompiledMap:
        lib, module = self._lib, self._module
        return CompiledMap(
            lib.bpf_table_name(module, number).decode(),
            lib.bpf_table_fd_id(module, number),
            lib.bpf_table_type_id(module, number),
            lib.bpf_table_key_size_id(module, number),
            lib.bpf_table_leaf_size_id(module, number),
            lib.bpf_table_max_entries_id(module, number),
            lib.bpf_table_flags_id(module, number),
            lib.bpf_table_key_desc_id(module, number).decode(),
            lib.bpf_table_leaf_desc_id(module, number).decode(),
        )

    def instructions(self, function: str) -> bytes:
        """The code of one C function, maps filled in; KeyError when the module has none of that name."""
        start = self._lib.bpf_function_start(self._module, function.encode())
        if not start:
            raise KeyError(function)
        return ctypes.string_at(start, self._lib.bpf_function_size(self._module, function.encode()))


@cache
def version() -> str:
    """BCC's version, e.g. 0.26.0; "unknown" where the package does not say."""
    return str(getattr(_bcc(), "__version__", "unknown"))


@cache
def library() -> Any:
    """Libbcc with the signatures that `Module` needs; NoCompiler when it is not there."""
    lib = importlib.import_module("bcc.libbcc", _bcc().__name__).lib
    module, number = ctypes.c_void_p, ctypes.c_size_t
    for name, result in (
        ("bpf_num_tables", ctypes.c_size_t),
        ("bpf_table_name", ctypes.c_char_p),
        ("bpf_table_fd_id", ctypes.c_int),
        ("bpf_table_type_id", ctypes.c_int),
        ("bpf_table_key_size_id", ctypes.c_size_t),
        ("bpf_table_leaf_size_id", ctypes.c_size_t),
        ("bpf_table_max_entries_id", ctypes.c_size_t),
        ("bpf_table_flags_id", ctypes.c_int),
        ("bpf_table_key_desc_id", ctypes.c_char_p),
        ("bpf_table_leaf_desc_id", ctypes.c_char_p),
    ):
        function = getattr(lib, name)
        function.restype = result
        function.argtypes = (module,) if name == "bpf_num_tables" else (module, number)
    return lib


@cache
def _bcc() -> ModuleType:
    sys.meta_path.append(_Finder())
    try:
        import bcc
    except (ImportError, OSError) as error:  # OSError: the shared library is not there
        raise NoCompiler(str(error)) from error
    if not hasattr(bcc, "BPF"):
        raise NoCompiler(f"the module in {os.path.dirname(bcc.__file__ or '?')} is not the BPF Compiler Collection")
    module: ModuleType = bcc
    return module


class _Finder:
    """Finds the package bcc, and nothing else, among the distribution's modules, for a Python that has its own."""

    @staticmethod
    def find_spec(name: str, path: Any = None, _target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """The package's spec; None for every other name."""
        if name != "bcc" or path is not None:
            return None
        for place in distribution_places():
            init = f"{place}/bcc/__init__.py"
            if os.path.isfile(init) and not changed_by_others(init):
                return importlib.util.spec_from_file_location(
                    name, init, submodule_search_locations=[os.path.dirname(init)]
                )
        return None


def distribution_places() -> tuple[str, ...]:
    """Folders where a distribution may have put BCC's Python module, newest Python first."""
    found = (path for library in _LIBRARIES for pattern in _OTHER_PLACES for path in library.glob(pattern))
    return (*_PLACES, *sorted(map(str, found), reverse=True))
