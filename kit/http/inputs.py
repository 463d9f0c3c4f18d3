"""Bodies that people send: no unknown fields, and rules for the texts in them."""

import unicodedata
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

HOUSE_DOMAINS = ("local", "localhost", "test", "arpa")
"""Names of mail servers in a house or an office, and of a workshop's own: home.arpa ends with arpa.

The mail server decides whether it can deliver there; by default it is one that only shows what it caught.
"""


class Body(BaseModel):
    """A JSON object with no other fields than its own."""

    model_config = ConfigDict(extra="forbid", strict=True)


def plain(text: str) -> str:
    """Check `text`. Raises ValueError for control characters other than new line and tab."""
    if any(unicodedata.category(char) == "Cc" for char in text if char not in "\n\t"):
        raise ValueError("no control characters, please")
    return text


def one_line(text: str) -> str:
    """Check `text`. Raises ValueError for any control character."""
    if "\n" in text or "\t" in text:
        raise ValueError("no control characters, please")
    return plain(text)


def email_address(text: str) -> str:
    """Return the address, which may be a local one, in its normal form.

    Raises ValueError with the reason.
    """
    # It takes its time to import, and most processes are never given an address.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    _allow_house_domains()
    # A name without a dot is more often a slip than a machine, but for this one.
    is_this_machine = text.lower().endswith("@localhost")
    try:
        found = validate_email(
            text, check_deliverability=False, globally_deliverable=False if is_this_machine else None
        )
    except EmailNotValidError as error:
        raise ValueError(f"an e-mail address like name@example.org is needed. {error}") from None
    return found.normalized


@cache
def _allow_house_domains() -> None:
    from email_validator import SPECIAL_USE_DOMAIN_NAMES  # noqa: PLC0415

    for name in HOUSE_DOMAINS:  # the library's documented way
        if name in SPECIAL_USE_DOMAIN_NAMES:
            SPECIAL_USE_DOMAIN_NAMES.remove(name)


def unix_lines(value: Any) -> Any:
    """Return the text with the line ends of Unix: browsers send a form's text with CR LF."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


Email = Annotated[str, Field(max_length=254), AfterValidator(email_address)]
