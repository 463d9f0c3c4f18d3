"""The comparison measures scaling in containers where this user may not set quotas otherwise."""

from typing import Any

import pytest

from tests.docker.running_containers import further
from workshop.compare.gains import scaling
from workshop.compare.observations import Observation, Scaling
from workshop.compare.system import quotas

pytestmark = [pytest.mark.docker, pytest.mark.only_step(3), pytest.mark.timeout(3600)]


def test_replicas_in_containers_get_equal_quotas(
    environment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**environment, **further(3, environment)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(quotas, "available", lambda: None)
    found: list[Observation] = []
    scaling.scaling(["3"], found.append, counts=(1, 2), lasting=3.0)
    points = {each.replicas: each for each in found if isinstance(each, Scaling)}
    assert points.keys() == {1, 2}, found
    for number, each in points.items():
        assert each.per_second
        assert each.used is not None
        assert each.used <= 1.5 * number * scaling.QUOTA
