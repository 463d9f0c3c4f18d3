"""The headers of a mail nobody vouches for."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import EmailPolicy, default
from functools import lru_cache
from itertools import islice
from typing import Any

LONGEST_HEADER = 8192  # characters; the standard library's parser takes quadratic time
MOST_HEADERS = 100


@dataclass(frozen=True)
class Person:
    """A mailbox: display name, perhaps empty, and address."""

    name: str
    address: str


class Lenient(EmailPolicy):
    """Reads headers as UTF-8 whatever they claim to be, and only as much of each as parses fast."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Name and raw value of one header, given its lines."""
        name, value = super().header_source_parse(sourcelines)
        return utf8(name), utf8(value[:LONGEST_HEADER])

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """The header's parsed value: text, with attributes such as `addresses`."""
        return _parsed(name, value)


@lru_cache(maxsize=256)  # the body's parser asks for the type of the whole again at each part
def _parsed(name: str, value: str) -> Any:
    return default.header_fetch_parse(name, value)


LENIENT = Lenient()


def raw_headers(mail: EmailMessage, wanted: str | None = None) -> Iterator[tuple[str, str]]:
    """Names and values as they came, all of them or those called `wanted`."""
    for name, raw in islice(mail.raw_items(), MOST_HEADERS):
        if wanted is None or name.lower() == wanted.lower():
            yield name, raw


def decoded(name: str, raw: str) -> str:
    """A header's value without its encodings, on one line; as it came when it breaks the rules."""
    try:
        return one_line(str(LENIENT.header_fetch_parse(name, raw)))
    except Exception:  # hostile headers find ever new ways to break the parser
        return one_line(raw)


def people(name: str, raw: str) -> list[Person]:
    """The mailboxes of an address header; its whole value as the address when it breaks the rules."""
    try:
        addresses = LENIENT.header_fetch_parse(name, raw).addresses
        return [Person(one_line(each.display_name), one_line(each.addr_spec)) for each in addresses]
    except Exception:
        return [Person("", one_line(raw))]


def one_line(text: str) -> str:
    """Without line breaks and other control characters, which could pass for another header."""
    return " ".join("".join(" " if is_control(each) else each for each in text).split())


def is_control(character: str) -> bool:
    """Control characters, line and paragraph separators, and halves of surrogate pairs."""
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def utf8(text: str) -> str:
    """Undo `surrogateescape`, as raw bytes come from the parser and from aiosmtpd; lone surrogates go too."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
