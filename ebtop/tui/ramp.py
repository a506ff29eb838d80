"""placeholder"""

from __future__ import annotations

_G = " ·░▒▓█"


def ramp(share: float, steps: int) -> tuple[str, str]:
    return (_G[min(5, round(share * 5))] if share > 0 else " ", "bar" if share else "text")
