"""The settings of gunicorn for each service of step 3."""

import step3_async.rapids.hosting.service_factory  # noqa: F401 - read before clients can connect, as it takes a while
from kit.server.config import address
from step3_async.rapids.hosting.gunicorn_config import *  # noqa: F403

bind = address(3, "PORT", 8003)
