"""Which media type a client gets."""

import pytest

from kit.http.media_types import preferred
from tests.support.accept_headers import HTML_RATHER, JSON, JSON_RATHER, NEITHER

OFFERED = ("application/json", "text/html")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, OFFERED[0]),
        *((header, OFFERED[0]) for header in JSON_RATHER),
        *((header, OFFERED[1]) for header in HTML_RATHER),
        *((header, None) for header in NEITHER),
    ],
)
def test_preferred_type_is_chosen(header: str | None, expected: str | None) -> None:
    assert preferred(header, OFFERED) == expected


@pytest.mark.parametrize("header", JSON)
def test_single_offered_type_is_chosen(header: str) -> None:
    assert preferred(header, OFFERED[:1]) == OFFERED[0]
