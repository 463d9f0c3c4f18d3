"""The settings of gunicorn for each service of step 3."""

import step3_async.rapids.hosting.service_factory  # noqa: F401 - a worker starts sooner when its master has read it
from kit.server.config import address
from step3_async.rapids.hosting.gunicorn_config import *  # noqa: F403

bind = address(3, "PORT", 8003)
