"""Passing on who is counted to new processes and new programs; nothing that is shown."""

from ebtop.spec import Hook, Probe, Way

PROBE = Probe(
    name="follow",
    title="Followed processes",
    question="Which new processes belong to the target?",
    slot=0,
    ways=(
        Way(
            "raw_tracepoint",
            (
                Hook("raw_tracepoint", "sched_process_fork", "follow_fork"),
                Hook("raw_tracepoint", "sched_process_exec", "follow_exec"),
            ),
            fields=("task_struct.pid", "task_struct.tgid"),
        ),
    ),
    views=(),
    misses="Processes that change their user or control group are found once a second.",
    default=False,
)
