"""The headers of a mail that nobody has checked."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import EmailPolicy, default
from functools import lru_cache
from itertools import islice
from typing import Any

MAX_HEADER_CHARACTERS = 8192  # characters; the standard library's parser takes quadratic time
MAX_HEADERS = 100


@dataclass(frozen=True)
class Person:
    """The display name, perhaps empty, and the address of a mailbox."""

    name: str
    address: str


class Lenient(EmailPolicy):
    """Reads headers as UTF-8 whatever they claim, and only as much of each as can be parsed fast."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Return the name and the raw value of a header from its lines."""
        name, value = super().header_source_parse(sourcelines)
        return utf8(name), utf8(value[:MAX_HEADER_CHARACTERS])

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return the parsed value of a header: text with attributes such as `addresses`."""
        return _parsed(name, value)


@lru_cache(maxsize=256)  # the body's parser parses the type of the whole again at each part
def _parsed(name: str, value: str) -> Any:
    return default.header_fetch_parse(name, value)


LENIENT = Lenient()


def raw_headers(mail: EmailMessage, wanted: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield names and raw values, of all headers or those with the name `wanted`."""
    for name, raw in islice(mail.raw_items(), MAX_HEADERS):
        if wanted is None or name.lower() == wanted.lower():
            yield name, raw


def decoded(name: str, raw: str) -> str:
    """Return the value of a header without its encodings, on one line; the raw value if it is malformed."""
    try:
        return one_line(str(LENIENT.header_fetch_parse(name, raw)))
    except Exception:  # hostile headers can break the parser in many ways
        return one_line(raw)


def people(name: str, raw: str) -> list[Person]:
    """Return the mailboxes of an address header; its whole value as the address if it is malformed."""
    try:
        addresses = LENIENT.header_fetch_parse(name, raw).addresses
        return [Person(one_line(each.display_name), one_line(each.addr_spec)) for each in addresses]
    except Exception:
        return [Person("", one_line(raw))]


def one_line(text: str) -> str:
    """Return the text without line breaks and other control characters, which could pass for another
    header.
    """
    return " ".join("".join(" " if is_control(each) else each for each in text).split())


def is_control(character: str) -> bool:
    """Return whether it is a control character, a line or paragraph separator, or half of a surrogate
    pair.
    """
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def utf8(text: str) -> str:
    """Undo `surrogateescape`, in which the parser and aiosmtpd return raw bytes, and replace lone
    surrogates.
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
