"""How large drills are: as the text claims with `make drills`, and smaller among all other tests."""

import os

FULL = os.environ.get("DRILLS") == "full"


def sized(full: int, usual: int) -> int:
    """One of the two."""
    return full if FULL else usual
