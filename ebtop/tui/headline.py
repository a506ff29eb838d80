"""What the header says of a frame; pure, knows neither clocks nor how it is drawn."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ebtop.tui.titles import NAN, Headline

if TYPE_CHECKING:
    from ebtop.frame import Frame
    from ebtop.sample import Target

_PIDS_NAMED = 3


def headline(
    frame: Frame | None, clock: str, interval_s: float, state: str, late_s: float, braked: str = "", ending: str = ""
) -> Headline:
    """`state` is live, paused, replay or late, then `late_s` seconds; without a frame it is starting."""
    if frame is None:
        host = os.uname()
        return Headline(host.nodename, host.release, clock, interval_s=interval_s)
    host_sample = frame.sample.host
    memory = host_sample.memory_total_bytes
    costs = [part for part in (frame.self_user_percent, frame.self_kernel_percent) if part == part]
    return Headline(
        host_sample.hostname,
        host_sample.kernel,
        clock,
        frame.cpu_percent,
        100 * host_sample.memory_used_bytes / memory if memory else NAN,
        host_sample.load1,
        sum(costs) if costs else NAN,
        frame.lost,
        interval_s,
        state,
        late_s,
        target=words(frame.sample.target),
        ending=ending,
        braked=braked,
    )


def words(target: Target) -> str:
    """`target` in a few words, "" for everybody: pid 4121, comm nginx, user ada, in web."""
    many = len(target.pids) > _PIDS_NAMED
    pids = f"{len(target.pids)} pids" if many else f"pid {','.join(map(str, target.pids))}"
    parts = (
        (target.pids, pids),
        (target.comm, f"comm {target.comm}"),
        (target.user, f"user {target.user}"),
        (target.unit, f"in {target.unit}"),
    )
    return ", ".join(said for is_set, said in parts if is_set)
