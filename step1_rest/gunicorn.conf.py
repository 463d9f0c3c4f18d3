"""The settings of gunicorn for the web face of step 1."""

from kit.server.config import *  # noqa: F403
from kit.server.config import address

bind = address(1, "STEP1_PORT", 8001)
