"""The settings of gunicorn for the web face of step 2."""

import step2_services.web.readiness  # noqa: F401 - made before workers are forked, who share its latch
from kit.server.config import *  # noqa: F403
from kit.server.config import address

bind = address(2, "STEP2_PORT", 8002)
