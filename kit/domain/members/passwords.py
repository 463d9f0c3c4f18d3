"""Hash passwords with argon2, and check them."""

import secrets
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kit.settings import LimitSettings


def hashed(password: str) -> str:
    """Return the hash to store for a password."""
    return _hasher().hash(password)


def matches(stored: Any, password: str) -> bool:
    """Return whether `stored` is the hash of `password`.

    It is None for an unknown name. The check then takes as long as for a known one, so that the time does
    not reveal who is a member.
    """
    try:
        known = stored if isinstance(stored, str) and stored else None
        return _hasher().verify(known or _hash_of_nobody(), password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(memory_cost=LimitSettings.read().password_memory_kib)


@cache
def _hash_of_nobody() -> str:
    return hashed(secrets.token_urlsafe(32))
