"""The content of a mail, taken from its parts."""

from dataclasses import dataclass
from email.message import EmailMessage
from itertools import islice
from typing import cast

from workshop.mailbox.headers import is_control, one_line

MAX_PARTS = 100


@dataclass(frozen=True)
class Attachment:
    """A part that is neither the text nor the HTML, with its size in bytes."""

    filename: str
    media_type: str
    size: int


@dataclass(frozen=True)
class Body:
    """The first plain text of a mail, its first HTML, and its other parts."""

    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


def read_body(mail: EmailMessage) -> Body:
    """Return text, HTML and attachments of a mail's first 100 parts. A malformed mail can raise any error."""
    texts: dict[str, str] = {}
    attachments = []
    for part in islice(mail.walk(), MAX_PARTS):
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        # A multipart without parts has lost its boundary. Its content is best read as text.
        shown_as = "text/plain" if part.get_content_maintype() == "multipart" else kind
        inline = part.get_content_disposition() != "attachment"
        if inline and shown_as in {"text/plain", "text/html"} and not texts.get(shown_as):
            texts[shown_as] = _text(part)
        else:
            name = one_line(part.get_filename() or "") or "(no name)"
            attachments.append(Attachment(name, kind, len(_payload(part))))
    return Body(texts.get("text/plain", ""), texts.get("text/html", ""), tuple(attachments))


def readable(text: str) -> str:
    """Return the text with its lines and tabs, but without other control characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join("\ufffd" if is_control(each) and each not in "\n\t" else each for each in lines)


def _text(part: EmailMessage) -> str:
    claimed = part.get_content_charset("utf-8")
    # Much mail that claims us-ascii or nothing is UTF-8. Decoding punycode takes quadratic time.
    charset = "utf-8" if claimed in {"us-ascii", "ascii", "punycode"} else claimed
    try:
        return readable(_payload(part).decode(charset, "replace"))
    except (LookupError, UnicodeError):  # an unknown character set
        return readable(_payload(part).decode("utf-8", "replace"))


def _payload(part: EmailMessage) -> bytes:
    return cast("bytes | None", part.get_payload(decode=True)) or b""
