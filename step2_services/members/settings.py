"""What the service members shows and tells."""

from kit.model.indexes import Indexes, expiring
from kit.resources.members import MEMBERS

DOMAIN = {"members": MEMBERS}

INDEXES: Indexes = {"revoked": [expiring("expires")]}

REVOCATIONS = ("expires",)
"""Of a token that was ended early others need to know its id, and until when to remember it."""
