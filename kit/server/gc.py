"""Exclude objects that live for ever from Python's cyclic garbage collection."""

import gc

YOUNG = 5000
"""New objects since the last collection that are worth another."""


def freeze_gc() -> None:
    """Exclude all objects that exist now from later collections.

    Call it once a process has read its modules and made its application, which stay until its end. Examining
    all of that takes tenths of a second, now and then, in which no request gets a response.
    """
    gc.freeze()
    gc.set_threshold(YOUNG)
