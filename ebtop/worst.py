"""The worst examples of one running probe, interval by interval; knows neither how they are stored nor the clock."""

from __future__ import annotations

from collections.abc import Mapping

from ebtop.kernel.examples import Epoch, Examples
from ebtop.sample import Records
from ebtop.spec import Histogram, Probe
from ebtop.wire import MapInfo


class Worst:
    """Reads every map of examples that `probe` declares; where that cannot be, it has none and says why."""

    def __init__(self, probe: Probe, maps: Mapping[str, tuple[MapInfo, int]]) -> None:
        """`maps`: layout and descriptor by name; descriptors stay the caller's."""
        self.lacks = ""
        """Why there are no examples; "" where there are, or none are declared."""
        self._epoch: Epoch | None = None
        self._readers: dict[str, Examples] = {}
        self._interval = 0
        views = [view for view in probe.views if isinstance(view, Histogram) and view.worst]
        if not views:
            return
        try:
            self._open(probe, views, maps)
        except (OSError, ValueError, KeyError) as error:
            self.close()
            missing = f"there is no map {error}" if isinstance(error, KeyError) else str(error)
            self.lacks = f"no worst examples: {missing}"

    def _open(self, probe: Probe, views: list[Histogram], maps: Mapping[str, tuple[MapInfo, int]]) -> None:
        for view in views:
            info, fd = maps[view.worst]
            named = [key.field for key in view.worst_keys]
            comm = ["comm"] if "comm" in {field.name for field in info.value} else []
            self._readers[view.name] = Examples(info, fd, [*named, *comm])
        self._epoch = Epoch(*maps[probe.epoch])

    def begin(self, tick: bool) -> None:
        """Call before the maps of a sample are read: a regular `tick` ends the interval that `read` is about.

        Otherwise that is the one still running: an early sample is compared with the last regular one as well. Whatever
        happens between this and the reading of a map is counted in this interval and an example of the next.
        """
        if self._epoch is not None:
            self._interval = self._epoch.advance() if tick else self._epoch.now

    def read(self) -> Mapping[str, Records]:
        """By histogram view; see `ProbeSample.worst`."""
        return {name: reader.of(self._interval) for name, reader in self._readers.items()}

    def close(self) -> None:
        """Let go of all memory; twice does no harm."""
        for reader in self._readers.values():
            reader.close()
        if self._epoch is not None:
            self._epoch.close()
        self._readers, self._epoch = {}, None
