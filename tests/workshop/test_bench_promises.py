"""A promise of a text is held or short."""

import pytest

from workshop.bench.promises import Promise


@pytest.mark.parametrize(
    ("promised", "measured", "is_least", "is_held"),
    [
        (1.2, 1.1, False, True),
        (1.2, 1.5, False, True),
        (1.2, 1.51, False, False),
        (17.0, 20.0, True, True),
        (17.0, 13.6, True, True),
        (17.0, 13.5, True, False),
    ],
)
def test_tolerance_is_a_quarter(promised: float, measured: float, is_least: bool, is_held: bool) -> None:
    assert Promise("a figure", promised, measured, "README.md", is_least=is_least).is_held == is_held
