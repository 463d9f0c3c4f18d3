"""The settings of gunicorn for step 0."""

from kit.server.config import *  # noqa: F403
from kit.server.config import address

bind = address(0, "STEP0_PORT", 8000)
