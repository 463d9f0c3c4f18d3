"""How the report, and the texts that use its figures, write numbers."""

NONE = "–"


def figure(number: float) -> str:
    """Return a number with two or three digits that count."""
    if number >= 100 or number == 0:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def percentage(part: float) -> str:
    """Return a part of 1 in percent."""
    return f"{part:.0%}".replace("%", " %")


def per_second(rate: float | None) -> str:
    """Return a number of requests a second, without the unit."""
    return NONE if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def duration(seconds: float) -> str:
    """Return a duration in milliseconds, or from 1 s on in seconds."""
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def milliseconds(found: float | None) -> str:
    """Return a duration that is given in milliseconds."""
    return NONE if found is None else duration(found / 1000)
