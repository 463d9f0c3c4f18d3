"""Verify tokens: return whose they are if they are valid."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import jwt

from kit.tokens.keys import ALGORITHM

CLAIMS = ["iss", "sub", "iat", "exp", "jti"]
LONGEST = 2048

REMEMBERED = 2000
"""How many valid tokens a verifier remembers: at most 4 MB of text, as each is no longer than LONGEST."""


@dataclass(frozen=True)
class Claims:
    """The content of a valid token: whose it is, its own id, and when it expires (UTC)."""

    username: str
    token_id: str
    expires: datetime


class Keys(Protocol):
    """Finds public keys by their ids."""

    def key(self, kid: str) -> jwt.PyJWK | None:
        """Find the key. Raises DependencyUnavailable and DependencyTimeout if that is not possible now."""


@dataclass(frozen=True)
class Verified:
    """A token that was found valid: its claims, the key that signed it, and that key's id."""

    claims: Claims
    kid: str
    key: jwt.PyJWK = field(repr=False)


class Verifier:
    """Verifies tokens of `issuer`; it cannot sign any.

    To verify a signature takes as long as a query, and a reader sends the same token with each request. So
    valid tokens are remembered. Each time it is still checked whether the token has expired, and whether its
    key is still published. Forged tokens are not remembered, so nobody can fill the memory with them.
    """

    def __init__(self, keys: Keys, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._verified: OrderedDict[str, Verified] = OrderedDict()
        self._lock = threading.Lock()

    def verify(self, token: str) -> Claims | None:
        """Return the token's claims; None if it is malformed, forged, of another issuer or expired.

        Raises what `keys` raises: DependencyUnavailable and DependencyTimeout.
        """
        known = self._verified.get(token)
        if known is not None and self._keys.key(known.kid) is known.key:
            return known.claims if known.claims.expires > datetime.now(UTC) else None
        verified = self._verify_signature(token)
        if verified is None:
            return None
        self._remember(token, verified)
        return verified.claims

    def _verify_signature(self, token: str) -> Verified | None:
        if len(token) > LONGEST or not token.isascii():
            return None
        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            if header.get("alg") != ALGORITHM or not isinstance(kid, str):
                return None
            key = self._keys.key(kid)
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                # Clocks differ: a token from a machine whose clock is ahead is good all the same.
                options={"require": CLAIMS, "verify_iat": False},
            )
            expires = datetime.fromtimestamp(claims["exp"], UTC).replace(microsecond=0)
            return Verified(Claims(claims["sub"], claims["jti"], expires), kid, key)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError, RecursionError):
            return None

    def _remember(self, token: str, verified: Verified) -> None:
        """Remember a valid token, and forget the ones that have been there longest."""
        with self._lock:
            self._verified[token] = verified
            while len(self._verified) > REMEMBERED:
                self._verified.popitem(last=False)
