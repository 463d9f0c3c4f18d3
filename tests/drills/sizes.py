"""The size of drills: as the READMEs claim with `make drills`, and smaller among all other tests."""

import os

FULL = os.environ.get("DRILLS") == "full"


def sized(full: int, usual: int) -> int:
    """Return `full` for `make drills`, else `usual`."""
    return full if FULL else usual
