"""Issue tokens. Only the service that knows the private key can do that."""

import re
import secrets
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from jwt.utils import base64url_encode

from kit.tokens.keys import ALGORITHM

SEED = re.compile(r"[A-Za-z0-9_-]{43}")
"""32 bytes as base64url without padding (RFC 4648, 5)."""


@dataclass(frozen=True)
class Issued:
    """A new token and when it expires (UTC)."""

    token: str = field(repr=False)
    expires: datetime


class Issuer:
    """Signs tokens in the name of `issuer`, which are valid for `lifetime`, at least a second.

    `seed` is the private key: 32 random bytes as base64url without padding, as `secrets.token_urlsafe(32)`
    returns them. Raises ValueError for anything else.
    """

    def __init__(self, seed: str, issuer: str, lifetime: timedelta) -> None:
        if not SEED.fullmatch(seed):
            raise ValueError(
                "Set the key that signs tokens to 32 random bytes as unpadded base64url (43 characters): "
                "python -c 'import secrets; print(secrets.token_urlsafe(32))' prints one."
            )
        self._key = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(seed + "="))
        self._issuer = issuer
        self._lifetime = lifetime
        public: dict[str, Any] = OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._public = {**public, "kid": _thumbprint(public), "use": "sig", "alg": ALGORITHM}

    def issue(self, username: str) -> Issued:
        """Make a token for a member whose password was right."""
        now = datetime.now(UTC)
        expires = (now + self._lifetime).replace(microsecond=0)
        claims = {
            "iss": self._issuer,
            "sub": username,
            "iat": now,
            "exp": expires,
            "jti": secrets.token_hex(16),
        }
        token = jwt.encode(claims, self._key, ALGORITHM, headers={"kid": self._public["kid"]})
        return Issued(token, expires)

    def jwks(self) -> dict[str, Any]:
        """Return the public keys (RFC 7517), to be published at `kit.tokens.JWKS`."""
        return {"keys": [dict(self._public)]}


def _thumbprint(public: dict[str, Any]) -> str:
    """Return the key's id: its thumbprint by RFC 7638, with the members that RFC 8037 names for this kind."""
    text = f'{{"crv":"{public["crv"]}","kty":"{public["kty"]}","x":"{public["x"]}"}}'
    return base64url_encode(sha256(text.encode()).digest()).decode()
