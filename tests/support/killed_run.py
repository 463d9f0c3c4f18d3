"""Check that a killed run leaves no process behind."""

import psutil

from workshop.processes.exits import await_exit

SHARED = ("mongod", "nats-server", "workshop.mailbox")
"""Parts that other runs may use, too."""


def check_nothing_outlives(run: psutil.Process, seconds: float) -> None:
    """Kill a run, and check that all processes of its step end within `seconds`. Shared parts continue."""
    members = [
        each
        for each in run.children(recursive=True)
        if not any(part in " ".join(each.cmdline()) for part in SHARED)
    ]
    assert members
    run.kill()
    assert await_exit(members, seconds) == []
