"""The pictures of legs show what each step does. What processes do by themselves is in no trace."""

import pytest

from workshop.legs.running import traced_step
from workshop.legs.ways import VERBS, in_order, read

pytestmark = pytest.mark.drill

NOT_FOR_A_READER = {"sync"}
"""Services that no like or search reaches."""


def test_legs_of_a_step_are_those_of_the_pictures(step: int) -> None:
    with traced_step(step) as traced:
        found = in_order(traced.ways(VERBS))
        services = {span.service for span in traced.collector.spans}
    assert found == [way for way in read() if way.step == step]
    assert services & NOT_FOR_A_READER == set()
