"""Bearer tokens that one service signs and all can verify: JWTs (RFC 7519) signed with Ed25519 (RFC 8037)."""

from kit.clients.discovery import JWKS
from kit.tokens.issuer import Issued, Issuer
from kit.tokens.keys import LocalKeys
from kit.tokens.remote import RemoteKeys
from kit.tokens.verifier import Claims, Keys, Verifier

ISSUER = "stepping-stones"
"""The issuer of readers' tokens."""

SYNC = "stepping-stones/sync"
"""The issuer of the tokens of the service that synchronises, which are for its own use."""

__all__ = [
    "ISSUER",
    "JWKS",
    "SYNC",
    "Claims",
    "Issued",
    "Issuer",
    "Keys",
    "LocalKeys",
    "RemoteKeys",
    "Verifier",
]
