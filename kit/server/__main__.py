"""`python -m kit.server --config <file> <application>`: serve an application in this process."""

import sys

# structlog loads it where it is installed, for what we do not use: megabytes in each process. `make run` has
# one environment for everything; a service's own requirements do not contain it.
sys.modules["rich"] = None  # type: ignore[assignment]  # importing it raises ModuleNotFoundError

from kit.server.single import Server  # noqa: E402 - it must not find that

Server(prog="python -m kit.server").run()
