"""Bearer tokens that one service mints and all can verify: JWTs (RFC 7519) signed with Ed25519 (RFC 8037)."""

from kit.tokens.issuer import Issued, Issuer
from kit.tokens.keys import JWKS, LocalKeys
from kit.tokens.remote import RemoteKeys
from kit.tokens.verifier import Claims, Keys, Verifier

__all__ = ["JWKS", "Claims", "Issued", "Issuer", "Keys", "LocalKeys", "RemoteKeys", "Verifier"]
