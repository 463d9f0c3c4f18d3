"""Parse sets of public keys (RFC 7517). Only Ed25519 keys (RFC 8037) are used."""

from collections.abc import Mapping
from typing import Any

import jwt

ALGORITHM = "EdDSA"

ACCEPTED = {"kty": ("OKP",), "crv": ("Ed25519",), "use": ("sig", None), "alg": (ALGORITHM, None)}
"""The values that a key's fields may have. A key with others is not for verifying our signatures."""


def parse(jwks: Any) -> dict[str, jwt.PyJWK]:
    """Return the keys of a set by their ids; keys of other kinds are left out.

    Raises ValueError if it is not a set of keys, or has no Ed25519 key.
    """
    given = jwks.get("keys") if isinstance(jwks, Mapping) else None
    ours = [_public(each) for each in given if _is_ours(each)] if isinstance(given, list) else []
    try:
        return {str(key.key_id): key for key in jwt.PyJWKSet(ours)}
    except jwt.PyJWTError:
        raise ValueError("This is no set of public keys with an Ed25519 key in it.") from None


class LocalKeys:
    """The keys of a set in memory. Raises ValueError as `parse` does."""

    def __init__(self, jwks: dict[str, Any]) -> None:
        self._keys = parse(jwks)

    def key(self, kid: str) -> jwt.PyJWK | None:
        """Find the key with that id."""
        return self._keys.get(kid)


def _is_ours(given: Any) -> bool:
    if not isinstance(given, Mapping) or not all(isinstance(given.get(name), str) for name in ("kid", "x")):
        return False
    return all(given.get(name) in taken for name, taken in ACCEPTED.items())


def _public(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("kty", "crv", "x", "kid")}
