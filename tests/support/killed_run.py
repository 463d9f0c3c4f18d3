"""What is left of a run that was killed."""

import psutil

from workshop.processes.exits import await_exit

SHARED = ("mongod", "nats-server", "workshop.mailbox")
"""Parts that other runs may use, too."""


def check_nothing_outlives(run: psutil.Process, seconds: float) -> None:
    """Kill a run; all processes of its step have to end within `seconds`. Shared parts go on."""
    family = [
        each
        for each in run.children(recursive=True)
        if not any(part in " ".join(each.cmdline()) for part in SHARED)
    ]
    assert family
    run.kill()
    assert await_exit(family, seconds) == []
