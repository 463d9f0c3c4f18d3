"""Copies of another service's documents, and how changes get there.

An owner tells what changed in one of its collections, in order (`feed`); a taker keeps copies, and with
them how far they reach (`copies`). Both are verbs that only other services may use (`verbs`). Whoever
carries the changes from one to the other needs no memory of its own.
"""

from kit.changes.copies import Copy
from kit.changes.feed import Feed

__all__ = ["Copy", "Feed"]
