"""One `clean()` for every string that comes from the machine; knows nothing of where it is shown."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})


def clean(raw: str | bytes) -> str:
    """`raw` with every control, format, bidirectional or undecodable character made visible and harmless.

    C0 becomes its control picture (U+2400 block), DEL U+2421, everything else of Unicode's categories Cc, Cf, Cs, Co,
    Cn, Zl and Zp becomes U+FFFD. Bytes are taken as UTF-8 up to the first NUL. What is clean stays as it is.
    """
    if isinstance(raw, bytes):
        raw = raw.split(b"\0", 1)[0].decode("utf-8", "replace")
    if raw.isascii() and raw.isprintable():
        return raw
    return "".join(_visible(character) for character in raw)


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    return REPLACEMENT if unicodedata.category(character) in _UNSAFE_CATEGORIES else character


def clean_array(column: npt.NDArray[np.bytes_]) -> npt.NDArray[np.bytes_]:
    """`column` (n, S-dtype) with each element cleaned as UTF-8; all-ASCII columns cost one pass over the bytes.

    An element that grows past the column's width is cut at a whole character.
    """
    import numpy as np  # the privileged process, which cleans single strings only, does without

    if column.size == 0:
        return column
    width = column.dtype.itemsize
    raw = np.ascontiguousarray(column).view(np.uint8).reshape(column.size, width)
    odd = (((raw < 0x20) & (raw != 0)) | (raw >= 0x7F)).any(axis=1)
    tails = np.maximum.accumulate(raw == 0, axis=1) & (raw != 0)
    rows = np.flatnonzero(odd | tails.any(axis=1))
    if rows.size == 0:
        return column
    result = np.array(column)
    for row in rows:
        result[row] = _fit(clean(bytes(raw[row])), width)
    return result


def _fit(cleaned: str, width: int) -> bytes:
    return cleaned.encode("utf-8")[:width].decode("utf-8", "ignore").encode("utf-8")
