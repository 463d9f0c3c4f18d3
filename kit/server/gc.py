"""Sparing Python's cyclic garbage collector what it need not look through."""

import gc

YOUNG = 5000
"""Objects made since the last look that are worth another."""


def freeze_gc() -> None:
    """To be called once a process has read its modules and made its application, which stay until its end.

    Looking through all of that takes tenths of a second, now and then, in which nothing is answered.
    """
    gc.freeze()
    gc.set_threshold(YOUNG)
