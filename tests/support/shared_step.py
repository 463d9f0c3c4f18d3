"""A running step for several folders of tests, one after another, as some take long to start."""

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.support.image_site import ImageSite
from tests.support.nginx import PROXY
from tests.support.running_step import QUIET, RunningStep


@dataclass(frozen=True)
class SharedStep:
    """It may fetch pictures from `images` and from a port that refuses connections."""

    running: RunningStep
    images: ImageSite
    closed_port: int


class SharedSteps:
    """Those of this process: one at a time."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._shared: SharedStep | None = None

    def get(self, step: int, folder: Path) -> SharedStep:
        """The one that runs, else a new one with its state in `folder`."""
        if self._shared is None or self._shared.running.step != step:
            self.end()
            self._shared = self._start(step, folder)
        return self._shared

    def end(self) -> None:
        """Stop what runs. Raises AssertionError where that does not end well."""
        self._shared = None
        self._stack.close()

    def _start(self, step: int, folder: Path) -> SharedStep:
        images = self._stack.enter_context(ImageSite())
        refusing = self._stack.enter_context(socket.socket())
        refusing.bind(("127.0.0.1", 0))
        closed_port = refusing.getsockname()[1]
        settings = {
            "IMAGE_ALLOWED_HOSTS": f"{images.host},127.0.0.1:{closed_port}",
            "TRUSTED_PROXIES": PROXY,
            # So long step 3 waits before it answers 202: on a busy machine, too, it is to be 200.
            "SETTLE_SECONDS": "25",
            "REQUEST_SECONDS": "28",
            **QUIET,
        }
        running = self._stack.enter_context(RunningStep(step, folder / "state", settings))
        return SharedStep(running, images, closed_port)


shared_steps = SharedSteps()
