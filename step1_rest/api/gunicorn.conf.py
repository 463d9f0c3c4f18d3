"""How gunicorn serves the API."""

from kit.serving import *  # noqa: F403
from kit.serving import address

bind = address(1, "STEP1_API_PORT", 8011)
