"""`python -m kit.server --config <file> <application>`: serve an application in this process."""

import sys

# structlog and nats-py load these where they are installed, for what we do not use: 9 MB in each process.
# `make run` has one environment for everything; a service's own requirements contain neither.
for optional in ("aiohttp", "rich"):
    sys.modules[optional] = None  # type: ignore[assignment]  # importing it raises ModuleNotFoundError

from kit.server.single import Server  # noqa: E402 - it must not find these

Server(prog="python -m kit.server").run()
