"""Fills the README's generated parts: keys, probes, kernels, measured costs. `--check` only checks them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import kernel_table

from ebtop import registry
from ebtop.spec import Probe
from ebtop.tui import keys

ROOT = Path(__file__).parent.parent

README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks/results.md"


def probe_table() -> str:
    """One row for each probe: the digit that toggles it, its question, its ways, best first, and its blind spots."""
    rows = ["| | probe | answers | hooks, best first | does not see |", "|---|---|---|---|---|"]
    for probe in registry.probes().values():
        slot = f"`{probe.slot}`" if probe.slot else ""
        rows.append(f"| {slot} | {probe.name} | {probe.question} | {_ways(probe)} | {probe.misses} |")
    return "\n".join(rows)


def _ways(probe: Probe) -> str:
    return "; ".join(way.name for way in probe.ways).replace("|", "\\|") or "none: asks bpf(2)"


def _between(content: str) -> Callable[[re.Match[str]], str]:
    return lambda found: f"{found[1]}{content}\n{found[2]}"


def filled(text: str) -> str:
    """`text` with what stands between each pair of markers made anew."""
    parts = {
        "keys": keys.markdown_table().strip(),
        "probes": probe_table(),
        "kernels": kernel_table.markdown(kernel_table.read(), short=True),
        "costs": RESULTS.read_text().strip(),
    }
    for name, content in parts.items():
        pattern = re.compile(rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text, count = pattern.subn(_between(content), text)
        if count != 1:
            raise ValueError(f"README.md has {count} places for {name}")
    return text


def main() -> int:
    """Write the README, or with --check leave it alone and return 1 if it is out of date."""
    text = README.read_text()
    if "--check" in sys.argv[1:]:
        if filled(text) != text:
            sys.stderr.write("README.md is out of date: make readme\n")
            return 1
        return 0
    README.write_text(filled(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
