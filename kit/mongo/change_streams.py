"""The types of changes in a change stream, and the errors after which a stream cannot continue.

See https://www.mongodb.com/docs/manual/changeStreams/
"""

from pymongo.errors import OperationFailure

WRITES = ("insert", "update", "replace", "delete")
ENDS = ("drop", "rename", "invalidate")

RESUME_TOKEN_LOST = frozenset({2, 9, 15, 40, 207, 222, 260, 280, 286})
"""MongoDB's codes for resume tokens that are malformed, or no longer in its log."""

CHECKS = 40_000
"""The lowest of MongoDB's codes for a failed check of a request; a malformed token can cause one, too."""


def is_resume_token_lost(error: OperationFailure) -> bool:
    """Return whether a stream cannot continue after its resume token, and has to begin again."""
    return error.code in RESUME_TOKEN_LOST or (error.code or 0) >= CHECKS
