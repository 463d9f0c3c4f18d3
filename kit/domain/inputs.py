"""What people hand in: names, passwords, addresses, notes, and the bodies they come in."""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


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
    # It takes its time to import, and most processes are never given an address.
    from kit.domain.addresses import normal_address  # noqa: PLC0415

    return normal_address(text)


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
