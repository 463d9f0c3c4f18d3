"""Content negotiation: the media type that a client prefers (RFC 9110, 12.5.1).

Parameters of types do not count: a client that accepts `application/json; charset=utf-8` gets JSON.
"""

from functools import lru_cache

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

ANYTHING = "*/*"


@lru_cache(maxsize=256)
def accepted(header: str | None) -> MIMEAccept:
    """Parse a header Accept, without the types' parameters. An empty header accepts everything."""
    given = parse_accept_header(header, MIMEAccept)
    types = [(_without_parameters(value), quality) for value, quality in given]
    return MIMEAccept(types or None)


@lru_cache(maxsize=256)
def preferred(header: str | None, offered: tuple[str, ...]) -> str | None:
    """Return the one of the `offered` types that an Accept header prefers; None if it accepts none of them.

    If it has no preference, return the first.
    """
    known = accepted(header)
    return known.best_match(offered) if known.provided else offered[0]


def _without_parameters(media_range: str) -> str:
    media_type = media_range.partition(";")[0].strip()
    return ANYTHING if media_type == "*" else media_type  # as old clients write it
