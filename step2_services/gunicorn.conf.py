"""The settings of gunicorn for each service of step 2."""

import step2_services.service_factory  # noqa: F401 - read before clients can connect, as it takes a while
from kit.server.config import *  # noqa: F403
from kit.server.config import address

bind = address(2, "PORT", 8002)
workers = 1
"""A service that needs more gets another instance; `./stones scale` starts one."""

limit_request_line = 8190
limit_request_field_size = 16_380
"""As large as a reader's latest marks may be (see `step2_services.own_marks`)."""
