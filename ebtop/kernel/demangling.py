"""Names of C++ and Rust functions as people write them, by the C++ library, where there is one.

To be called only by a process without privilege, that may end by it: the names are anybody's.
"""

from __future__ import annotations

import ctypes
import re
from functools import cache
from typing import Any

_LONGEST = 1024
"""Characters of a name that is given to the library."""
_KEPT = 256
_HASH = re.compile(r"::h[0-9a-f]{16}$")
"""What Rust's compiler puts behind each name."""


def plain(name: bytes) -> str:
    """`name` as people write it, at most _KEPT characters; as it is where nothing is known of it."""
    text = name.decode("utf-8", "replace")
    if name.startswith(b"_Z") and len(name) <= _LONGEST:
        text = _HASH.sub("", _demangled(name) or text)
    return text if len(text) <= _KEPT else text[: _KEPT - 1] + "…"


def _demangled(name: bytes) -> str:
    demangle = _demangle()
    if demangle is None:
        return ""
    status = ctypes.c_int()
    made = demangle(name, None, None, ctypes.byref(status))
    if not made or status.value:
        return ""
    text = ctypes.string_at(made).decode("utf-8", "replace")
    ctypes.CDLL(None).free(ctypes.c_void_p(made))
    return text


@cache
def _demangle() -> Any:
    """__cxa_demangle: char *(const char *mangled, char *output, size_t *length, int *status), Itanium C++ ABI 3.4."""
    try:
        function = ctypes.CDLL("libstdc++.so.6")["__cxa_demangle"]
    except (OSError, AttributeError):
        return None
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    return function
