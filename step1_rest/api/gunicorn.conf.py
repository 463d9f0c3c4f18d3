"""The settings of gunicorn for the API."""

from kit.server.config import *  # noqa: F403
from kit.server.config import address

bind = address(1, "STEP1_API_PORT", 8011)
