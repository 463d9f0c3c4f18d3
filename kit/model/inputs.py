"""What people hand in: names, passwords, addresses, notes, and the bodies they come in."""

import unicodedata
from typing import Annotated, Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

AT_HOME = ("local", "localhost", "test", "arpa")
"""Names that mail servers of a house or an office have, and a workshop's own: home.arpa is one of arpa.

The mail server decides whether it can deliver there; by default it is one that only shows what it caught.
"""

for _name in AT_HOME:  # the library's documented way to allow some of them
    if _name in SPECIAL_USE_DOMAIN_NAMES:
        SPECIAL_USE_DOMAIN_NAMES.remove(_name)


def plain(text: str) -> str:
    """`text` as it is. Raises ValueError for control characters other than new line and tab."""
    if any(unicodedata.category(char) == "Cc" for char in text if char not in "\n\t"):
        raise ValueError("no control characters, please")
    return text


def one_line(text: str) -> str:
    """`text` as it is. Raises ValueError for any control character."""
    if "\n" in text or "\t" in text:
        raise ValueError("no control characters, please")
    return plain(text)


def email_address(text: str) -> str:
    """The address in its normal form; it may be one at home. Raises ValueError with the reason."""
    # A name without a dot is more often a slip than a machine, but for this one.
    is_this_machine = text.lower().endswith("@localhost")
    try:
        found = validate_email(
            text, check_deliverability=False, globally_deliverable=False if is_this_machine else None
        )
    except EmailNotValidError as error:
        raise ValueError(f"an e-mail address like name@example.org is needed. {error}") from None
    return found.normalized


def _unix_lines(value: Any) -> Any:
    """Browsers end the lines of a form's text with CR LF."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


Username = Annotated[str, Field(pattern=r"^[a-z0-9_]{3,30}$")]
Password = Annotated[str, Field(min_length=10, max_length=200), AfterValidator(one_line)]
Email = Annotated[str, Field(max_length=254), AfterValidator(email_address)]
Note = Annotated[str, BeforeValidator(_unix_lines), Field(max_length=1000), AfterValidator(plain)]


class Body(BaseModel):
    """A JSON object with no other fields than its own."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SignIn(Body):
    """A name and a password. Any text may be tried; only the right one opens."""

    username: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=200)]


class Share(Body):
    """Where to mail a post, and what to say."""

    to: Email
    note: Note = ""
