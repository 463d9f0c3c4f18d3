"""How gunicorn serves step 0."""

from kit.serving import *  # noqa: F403
from kit.serving import address

bind = address(0, "STEP0_PORT", 8000)
