"""Verify tokens: return whose they are if they are valid."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import jwt

from kit.tokens.keys import ALGORITHM

CLAIMS = ["iss", "sub", "iat", "exp", "jti"]
LONGEST = 2048


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


class Verifier:
    """Verifies tokens of `issuer`; it cannot sign any."""

    def __init__(self, keys: Keys, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    def verify(self, token: str) -> Claims | None:
        """Return the token's claims; None if it is malformed, forged, of another issuer or expired.

        Raises what `keys` raises: DependencyUnavailable and DependencyTimeout.
        """
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
            return Claims(claims["sub"], claims["jti"], datetime.fromtimestamp(claims["exp"], UTC))
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError, RecursionError):
            return None
