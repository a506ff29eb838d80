"""Settings said in several places, the later over the earlier, and where each comes from; opens no file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ebtop.settings import SettingError, Settings, values
from ebtop.settings.options import OPTIONS, TABLES
from ebtop.text import clean

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says."""

    values: Mapping[str, Any]
    """By name of the option, in order already."""
    places: Mapping[str, str] = field(default_factory=dict)
    """By name, of an entry in a table by "table.entry": file and line."""
    name: str = ""
    """Where it is, for what `places` does not have."""

    def place(self, name: str) -> str:
        """Where `name` is said."""
        return self.places.get(name) or self.name


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings that hold."""

    settings: Settings = field(default_factory=Settings)
    origins: Mapping[str, str] = field(default_factory=dict)
    """As places of a layer, for what is not as it is by default."""

    def origin(self, name: str) -> str:
        """Where `name` ("theme", "keys.pause") comes from."""
        return self.origins.get(name, DEFAULT)


def merged(layers: Sequence[Layer]) -> InForce:
    """Later layers win, in tables entry by entry. SettingError for a probe that there is not."""
    said, origins = _said(layers)
    settings = Settings()
    if "probes" in said:
        said["probes"] = _named("probes", origins, lambda: values.chosen(said["probes"]))
    if "slots" in said:
        for digit, name in said["slots"].items():
            _named(f"slots.{digit}", origins, partial(values.probe_name, name) if name else str)
        said["slots"] = _slots(settings.slots, said["slots"])
    return InForce(
        replace(settings, **{option.target: said[option.name] for option in OPTIONS if option.name in said}), origins
    )


def last(layers: Sequence[Layer], name: str) -> tuple[Any, str]:
    """What holds for an option that is no table, None where nothing is said, and where it is said."""
    said, origins = _said(layers)
    return said.get(name), origins.get(name, "")


def _said(layers: Sequence[Layer]) -> tuple[dict[str, Any], dict[str, str]]:
    said: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        for name, value in layer.values.items():
            if name in TABLES:
                said[name] = {**said.get(name, {}), **value}
                origins |= {f"{name}.{entry}": layer.place(f"{name}.{entry}") for entry in value}
            else:
                said[name], origins[name] = value, layer.place(name)
    return said, origins


def _named(name: str, origins: Mapping[str, str], look: Callable[[], Any]) -> Any:
    """What `look` finds; what is wrong with it is told with the place where it was said."""
    try:
        return look()
    except ValueError as error:
        table = name.partition(".")[0]
        raise SettingError(f"{origins.get(name) or origins.get(table, name)}: {table}: {clean(str(error))}") from None


def _slots(usual: Mapping[int, str], said: Mapping[int, str]) -> dict[int, str]:
    """A probe that is given a digit leaves the one it has; of two layers' digits for one probe the later stands."""
    moved = {name: digit for digit, name in said.items() if name}
    kept = {digit: name for digit, name in usual.items() if digit not in said and name not in moved}
    result = kept | {digit: name for name, digit in moved.items()}
    return dict(sorted(result.items(), key=lambda item: item[0] or 10))
