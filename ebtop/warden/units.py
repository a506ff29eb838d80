"""Container or systemd unit of a process, by name, as root can tell; knows nothing of what it is asked for."""

from __future__ import annotations

from ebtop.cgroups import belonging
from ebtop.warden import containers


class Units:
    """Names of containers are looked up once."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._names: dict[str, str] = {}

    def of(self, pid: int) -> str:
        """What process `pid` belongs to; "" where that is nothing, or the process is gone."""
        try:
            with open(f"{self._proc}/{pid}/cgroup", "rb") as file:
                found = belonging(file.read())
        except OSError:
            return ""
        if not found.id:
            return found.unit
        if found.id not in self._names:
            self._names |= {found.id: found.unit} | containers.names((found.id,))
        return self._names[found.id]
