"""The settings of gunicorn for each service of step 3."""

import sys

# nats-py loads it where it is installed, for what we do not use: megabytes in each process. A service's own
# requirements do not contain it; those of the web face and the gateway do.
sys.modules["aiohttp"] = None  # type: ignore[assignment]  # importing it raises ModuleNotFoundError

import step3_async.rapids.hosting.service_factory  # noqa: E402, F401 - read before clients can connect, as it takes a while
from kit.server.config import address  # noqa: E402
from step3_async.rapids.hosting.gunicorn_config import *  # noqa: E402, F403

bind = address(3, "PORT", 8003)
