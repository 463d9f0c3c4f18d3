"""The environment of tests: only variables that the system needs or that are meant for tests."""

import os
import signal

from workshop import environment

FOR_TESTS = ("PYTEST_", "CONTRACT_", "PLAYWRIGHT_", "DOCKER_", "DRILLS", "FUZZ_EXAMPLES")
"""Beginnings of names."""


def clean_environment() -> None:
    """Remove all other variables of the caller's shell, such as proxies, from this process's environment."""
    if "CONTRACT_URL" in os.environ:  # the step runs already, and its ports are where the caller says
        return
    kept = {name: value for name, value in os.environ.items() if name.startswith(FOR_TESTS)}
    kept |= environment.inherited()
    os.environ.clear()
    os.environ.update(kept, NETRC=os.devnull)  # requests looks there for passwords


def receive_signals() -> None:
    """Let child processes receive signals that this process ignores, as `nohup` and background jobs of a
    shell do: a child inherits that a signal is ignored, but not a handler.
    """
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
