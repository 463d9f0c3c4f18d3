"""What the service members shows."""

from kit.domain.members.resource import MEMBERS
from kit.mongo.indexes import Indexes, expiring

DOMAIN = {"members": MEMBERS}

INDEXES: Indexes = {"revoked": [expiring("expires")]}
