"""What the service members shows."""

from kit.model.indexes import Indexes, expiring
from kit.resources.members import MEMBERS

DOMAIN = {"members": MEMBERS}

INDEXES: Indexes = {"revoked": [expiring("expires")]}
