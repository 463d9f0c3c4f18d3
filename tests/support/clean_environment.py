"""What tests run in: what the system needs and what is meant for tests, and no more of the caller's shell."""

import os
import signal

from workshop import environment

FOR_TESTS = ("PYTEST_", "CONTRACT_", "PLAYWRIGHT_", "DOCKER_", "DRILLS", "FUZZ_EXAMPLES")
"""Beginnings of names."""


def clean_environment() -> None:
    """Leave out of this process's environment whatever else the caller's shell has, such as proxies."""
    if "CONTRACT_URL" in os.environ:  # the step runs already, and its ports are where the caller says
        return
    kept = {name: value for name, value in os.environ.items() if name.startswith(FOR_TESTS)}
    kept |= environment.inherited()
    os.environ.clear()
    os.environ.update(kept, NETRC=os.devnull)  # requests looks there for passwords


def receive_signals() -> None:
    """Have processes that tests start receive the signals that this one ignores, as `nohup` and a
    shell's background jobs are: what is ignored is inherited, what is handled is not.
    """
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
