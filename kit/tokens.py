"""Bearer tokens that one service mints and all can verify: JWTs (RFC 7519) signed with Ed25519 (RFC 8037)."""

import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from jwt.utils import base64url_encode

from kit.problems import Problem
from kit.rest import Rest

ALGORITHM = "EdDSA"
CLAIMS = ["iss", "sub", "iat", "exp", "jti"]
LONGEST = 2048
JWKS = "/.well-known/jwks.json"
"""Where a service that mints tokens publishes their public keys (RFC 7517)."""

LIFESPAN = 300
COOLDOWN = 10
FETCH_SECONDS = 2.0


@dataclass(frozen=True)
class Issued:
    """A new token and when it ends (UTC)."""

    token: str
    expires: datetime


@dataclass(frozen=True)
class Claims:
    """What a good token says: whose it is, its own id, and when it ends (UTC)."""

    username: str
    token_id: str
    expires: datetime


class Issuer:
    """Mints tokens. `seed` is the private key: 32 random bytes as base64url without padding."""

    def __init__(self, seed: str, issuer: str, lifetime: timedelta) -> None:
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(seed + "=" * (-len(seed) % 4)))
        except ValueError:
            raise ValueError("The key of tokens must be 32 bytes as base64url (43 characters).") from None
        self._issuer = issuer
        self._lifetime = lifetime
        public: dict[str, Any] = OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._public = {**public, "kid": _thumbprint(public), "use": "sig", "alg": ALGORITHM}

    def issue(self, username: str) -> Issued:
        """A token for a member who has proved to be one."""
        now = datetime.now(UTC).replace(microsecond=0)
        expires = now + self._lifetime
        claims = {"iss": self._issuer, "sub": username, "iat": now, "exp": expires, "jti": uuid4().hex}
        token = jwt.encode(claims, self._key, ALGORITHM, headers={"kid": self._public["kid"]})
        return Issued(token, expires)

    def jwks(self) -> dict[str, Any]:
        """The public keys, to be published at JWKS."""
        return {"keys": [self._public]}


class Keys(Protocol):
    """Finds public keys by their ids. Raises jwt.PyJWTError for an unknown one."""

    def get_signing_key(self, kid: str) -> jwt.PyJWK:
        """The key."""


class LocalKeys:
    """The keys of a set that is at hand."""

    def __init__(self, jwks: dict[str, Any]) -> None:
        self._keys = jwt.PyJWKSet.from_dict(jwks)

    def get_signing_key(self, kid: str) -> jwt.PyJWK:
        """The key. Raises jwt.PyJWTError."""
        try:
            return self._keys[kid]
        except KeyError:
            raise jwt.PyJWKClientError("unknown key") from None


class RemoteKeys(jwt.PyJWKClient):
    """The keys that a service publishes: fetched when first needed, every LIFESPAN seconds, and for an
    unknown id, but for that once in COOLDOWN seconds only. While the service is away its last keys go on
    being used; PartDown and PartSlow are raised where there are none yet.
    """

    def __init__(self, service: Rest) -> None:
        super().__init__(service.url + JWKS, lifespan=LIFESPAN, cooldown_duration=COOLDOWN)
        self._service = service
        self._last: Any = None

    def fetch_data(self) -> Any:
        """The set as it is published."""
        try:
            answer = self._service.call("GET", JWKS, read_seconds=FETCH_SECONDS)
            self._last = self._as_jwk_set_payload(answer.json())
        except Problem:
            if self._last is None:
                raise
        self._last_successful_fetch = time.monotonic()
        return self._last


class Verifier:
    """Tells whose a token is; it cannot mint any."""

    def __init__(self, keys: Keys, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    def verify(self, token: str) -> Claims | None:
        """What the token says; None for one that is malformed, forged, somebody else's or has ended."""
        if len(token) > LONGEST or not token.isascii():
            return None
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM or not isinstance(header.get("kid"), str):
                return None
            told = jwt.decode(
                token,
                self._keys.get_signing_key(header["kid"]),
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                options={"require": CLAIMS},
            )
            expires = datetime.fromtimestamp(told["exp"], UTC)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):
            return None
        return Claims(told["sub"], told["jti"], expires)


def _thumbprint(public: dict[str, Any]) -> str:
    """The key's id: its thumbprint by RFC 7638, with the members that RFC 8037 names for this kind."""
    text = f'{{"crv":"{public["crv"]}","kty":"{public["kty"]}","x":"{public["x"]}"}}'
    return base64url_encode(sha256(text.encode()).digest()).decode()
