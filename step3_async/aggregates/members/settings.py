"""What the service members shows."""

from kit.model.indexes import Indexes, expiring
from kit.resources.members import MEMBERS
from step3_async.rapids.messages import AnnouncedPath

HASHING_SECONDS = 6.0

PATHS = (
    AnnouncedPath(template="/me", composition="counts"),
    AnnouncedPath(template="/members", seconds=HASHING_SECONDS),
    AnnouncedPath(template="/members/{name}", seconds=HASHING_SECONDS),
    AnnouncedPath(template="/tokens", seconds=HASHING_SECONDS, trusts_gateway=True),
    AnnouncedPath(template="/tokens/current", trusts_gateway=True),
    "/.well-known/jwks.json",
)

DOMAIN = {"members": MEMBERS}

INDEXES: Indexes = {"revoked": [expiring("expires")]}
