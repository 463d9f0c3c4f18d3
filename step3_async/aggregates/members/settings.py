"""What the service members shows."""

from kit.domain.indexes import Indexes, expiring
from kit.domain.members.resource import MEMBERS

DOMAIN = {"members": MEMBERS}

INDEXES: Indexes = {"revoked": [expiring("expires")]}
