"""How many random examples a test tries."""

import os

from hypothesis import HealthCheck, settings


def budget(examples: int) -> settings:
    """Return settings for so many examples: new ones in each run, but always the same where CI is set."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize="CI" in os.environ,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
