"""A member as it is stored, and what people enter to sign up or in."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from kit.http.inputs import Body, Email, one_line
from kit.mongo.document_schema import DocumentSchema, moment, optional_text, text

USERNAME = r"[a-z0-9_]{3,30}"
USERNAME_RULE = "3 to 30 of a-z, 0-9 and _"

MEMBER_SCHEMA = DocumentSchema({"_id": text, "created": moment}, {"email": optional_text})


def _username(name: str) -> str:
    if not re.fullmatch(USERNAME, name):
        raise ValueError(USERNAME_RULE)
    return name


Username = Annotated[str, AfterValidator(_username)]
Password = Annotated[str, Field(min_length=10, max_length=200), AfterValidator(one_line)]


class SignUp(Body):
    """What a new member enters."""

    username: Username
    password: Password
    email: Email | None = None


class SignIn(Body):
    """A name and a password to sign in with. Any text is allowed here."""

    username: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=200)]


class SignOut(Body):
    """What a member sends to sign out: nothing."""
