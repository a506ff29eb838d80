"""Fills the README's generated parts: keys, probes, kernels, measured costs; writes the catalogue of probes.

`--check` only says whether they are current.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import kernel_table

from ebtop import registry
from ebtop.spec import Probe, group_rank
from ebtop.tui import keys

ROOT = Path(__file__).parent.parent

README = ROOT / "README.md"
CATALOGUE = ROOT / "ebtop/probes/CATALOGUE.md"
RESULTS = ROOT / "benchmarks/results.md"

_BESIDE_A_NUMBER = re.compile(
    r"^\| (the same, for orientation|[^|]*\|[^|]*\| (its bound|with 50 rows|[\d.]+ \w+|a \w+) \|)", re.MULTILINE
)


def probe_table() -> str:
    """One row for each group: its probes, with the digits that toggle them."""
    rows = ["| | probes |", "|---|---|"]
    for group, probes in _by_group():
        names = (f"{probe.name} `{probe.slot % 10}`" if probe.slot else probe.name for probe in probes)
        rows.append(f"| {group} | {', '.join(names)} |")
    return "\n".join(rows)


def catalogue() -> str:
    """Every probe by group: what it answers, its ways, best first, its blind spots, and who measures the same."""
    parts = [
        "# The probes\n",
        "Made by `make readme` from the declarations beside this file.\n",
    ]
    for group, probes in _by_group():
        parts.append(f"## {group[:1].upper()}{group[1:]}\n")
        for probe in probes:
            digit = f" · key `{probe.slot % 10}`" if probe.slot else ""
            same = f" As {', '.join(f'`{command}`' for command in probe.same)}." if probe.same else ""
            parts.append(f"**{probe.name}**{digit} · {probe.question} *{_ways(probe)}.* Misses: {probe.misses}{same}\n")
    return "\n".join(parts)


def costs(results: str) -> str:
    """Of the measured figures those beside another program's, and those that miss their bound."""
    return "\n".join(
        line for line in results.strip().splitlines() if not _BESIDE_A_NUMBER.search(line) or "**missed**" in line
    )


def _by_group() -> list[tuple[str, list[Probe]]]:
    probes = sorted(registry.probes().values(), key=lambda probe: group_rank(probe.group))
    return [(group, list(members)) for group, members in groupby(probes, key=lambda probe: probe.group)]


def _ways(probe: Probe) -> str:
    return "; ".join(way.name for way in probe.ways) or "no programs: asks bpf(2)"


def _between(content: str) -> Callable[[re.Match[str]], str]:
    return lambda found: f"{found[1]}{content}\n{found[2]}"


def filled(text: str) -> str:
    """`text` with what stands between each pair of markers made anew."""
    parts = {
        "keys": keys.markdown_table().strip(),
        "probes": probe_table(),
        "kernels": kernel_table.markdown(kernel_table.read(), short=True),
        "costs": costs(RESULTS.read_text()),
    }
    for name, content in parts.items():
        pattern = re.compile(rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text, count = pattern.subn(_between(content), text)
        if count != 1:
            raise ValueError(f"README.md has {count} places for {name}")
    return text


def main() -> int:
    """Write both, or with --check leave them alone and return 1 if one is out of date."""
    text = README.read_text()
    if "--check" in sys.argv[1:]:
        if filled(text) != text or CATALOGUE.read_text() != catalogue():
            sys.stderr.write("README.md or CATALOGUE.md is out of date: make readme\n")
            return 1
        return 0
    README.write_text(filled(text))
    CATALOGUE.write_text(catalogue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
