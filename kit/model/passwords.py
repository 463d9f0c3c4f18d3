"""Passwords, hashed with argon2."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from kit import environment


def hashed(password: str) -> str:
    """What to store of a password."""
    return _hasher().hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that `stored` was made of; None stands for a member there is not.

    It takes as long for nobody as for somebody, so that time does not tell who is a member.
    """
    try:
        return _hasher().verify(stored or _nobodys(), password) and stored is not None
    except VerifyMismatchError:
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(memory_cost=environment.get_password_memory())


@cache
def _nobodys() -> str:
    return hashed(secrets.token_urlsafe(32))
