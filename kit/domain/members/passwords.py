"""Passwords, hashed with argon2."""

import secrets
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kit.settings import LimitSettings


def hashed(password: str) -> str:
    """Return the hash to store for a password."""
    return _hasher().hash(password)


def fits(stored: Any, password: str) -> bool:
    """Return whether `stored` is the hash of `password`.

    None means that there is no such member, as does any value that is not a text.

    It takes as long for an unknown name as for a known one, so that the time does not reveal who is a member.
    """
    try:
        known = stored if isinstance(stored, str) and stored else None
        return _hasher().verify(known or _nobodys(), password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(memory_cost=LimitSettings.read().password_memory_kib)


@cache
def _nobodys() -> str:
    return hashed(secrets.token_urlsafe(32))
