"""Probes of one's own for tests: folders that only this user can write to, and pairs of files in them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ebtop import own, registry
from ebtop.kernel import source

EXAMPLE = Path(own.__file__).parent


@contextmanager
def place() -> Iterator[Path]:
    """A folder that nobody else can change, nor any on the way to it: /tmp is none."""
    folder = Path(tempfile.mkdtemp(dir="/run" if os.geteuid() == 0 else Path.home()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def write(folder: Path, name: str, declaration: str | None = None, c: str | None = None) -> Path:
    """A pair called `name`, the example under that name where nothing else is given; the path of the declaration."""
    texts = {".py": declaration, ".c": c}
    for ending, text in texts.items():
        path = folder / f"{name}{ending}"
        path.write_text(example(name, ending) if text is None else text)
        path.chmod(0o644)
    return folder / f"{name}.py"


def example(name: str, ending: str) -> str:
    """The text of the example under another name."""
    text = (EXAMPLE / f"example{ending}").read_text()
    return text.replace("example", name).replace("EXAMPLE", name.upper())


def copy(folder: Path, built_in: str, name: str) -> None:
    """A built-in probe under another name, as a pair in `folder`: off by default and without a digit."""
    c = source.text_of(registry.probe(built_in))
    declaration = (registry.FOLDER / f"{built_in}.py").read_text()
    declaration = re.sub(rf'"{built_in}(?=[_"])', f'"{name}', declaration)
    for old, new in ((built_in, name), (built_in.upper(), name.upper())):
        c = re.sub(rf"\b{old}(?=_|, )", new, c)  # "NAME, " stands in macros that paste it
    declaration = re.sub(r"slot=\d+", "slot=0, default=False", declaration)
    write(folder, name, declaration, c)
