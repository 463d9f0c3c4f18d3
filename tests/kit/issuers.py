"""Issuers of tokens for tests."""

import secrets
from datetime import timedelta

from kit.tokens import Issuer

ISSUER = "stones"
HOUR = timedelta(hours=1)
SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
"""A key that everybody knows (RFC 8032, 7.1); the same in each worker, as cases are named after it."""


def new_issuer(seed: str | None = None, name: str = ISSUER, lifetime: timedelta = HOUR) -> Issuer:
    """Return an issuer with the key of this seed, or with a new key."""
    return Issuer(seed or secrets.token_urlsafe(32), name, lifetime)
