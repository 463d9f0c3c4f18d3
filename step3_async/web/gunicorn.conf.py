"""The settings of gunicorn for the web face of step 3, behind the gateway."""

from kit.server.config import address
from step3_async.rapids.hosting.gunicorn_config import *  # noqa: F403

bind = address(3, "PORT", 8053)
