"""What the service members shows and tells."""

from kit.domain.indexes import Indexes, expiring
from kit.domain.members.resource import MEMBERS

DOMAIN = {"members": MEMBERS}

INDEXES: Indexes = {"revoked": [expiring("expires")]}

REVOCATIONS = ("expires",)
"""Of a token that was ended early others need to know its id, and until when to remember it."""
