"""How much random testing a test may do."""

import os

from hypothesis import HealthCheck, settings


def budget(examples: int) -> settings:
    """Settings for so many examples: new ones at each run, but always the same in CI, where CI is set."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize="CI" in os.environ,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
