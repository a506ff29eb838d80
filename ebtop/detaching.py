"""Closing the descriptors of a probe, which is what detaches it; knows nothing of what they are of."""

from __future__ import annotations

import os
import threading


def detach(descriptors: tuple[int, ...], links: int, events: int) -> None:
    """Close all of them: from `links` on they are links, from `events` on perf events.

    Closing a link on a perf event waits for a grace period (perf_event_detach_bpf_prog, kernel/trace/bpf_trace.c):
    others can wait in the same one. What is left are perf events that run nothing; they are closed one by one
    (event_mutex, kernel/trace/trace_event_perf.c) while the caller goes on.
    """
    _join([_closing((link,)) for link in descriptors[links:events]])
    _close_all(descriptors[:links])
    if descriptors[events:]:
        _closing(descriptors[events:])


def _close_all(descriptors: tuple[int, ...]) -> None:
    for fd in descriptors:
        os.close(fd)


def _closing(descriptors: tuple[int, ...]) -> threading.Thread:
    thread = threading.Thread(target=_close_all, args=(descriptors,), name="closing", daemon=True)
    thread.start()
    return thread


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
