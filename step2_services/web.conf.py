"""How gunicorn serves the web face of step 2."""

from kit.serving import *  # noqa: F403
from kit.serving import address

bind = address(2, "STEP2_PORT", 8002)
