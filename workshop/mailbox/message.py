"""One caught mail. Nothing in it is trusted: what cannot be parsed is shown unchanged."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cached_property
from typing import cast
from uuid import uuid4

from workshop.mailbox.body import Body, read_body, readable
from workshop.mailbox.headers import LENIENT, Person, decoded, one_line, people, raw_headers, utf8

SNIPPET_CHARACTERS = 250


@dataclass(frozen=True)
class Message:
    """A mail as it arrived: envelope and bytes. Its content is parsed when it is first needed."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    id: str = field(default_factory=lambda: uuid4().hex)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def mail(self) -> EmailMessage | None:
        """The parsed mail, None when it cannot be parsed, for example because it is nested too deeply."""
        try:
            return cast(EmailMessage, BytesParser(policy=LENIENT).parsebytes(self.raw))
        except Exception:
            return None

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        """Names and decoded values, each on one line, in their original order."""
        found = raw_headers(self.mail) if self.mail is not None else iter(())
        return [(one_line(name), decoded(name, raw)) for name, raw in found]

    @cached_property
    def subject(self) -> str:
        """The subject on one line, empty when there is none."""
        return next((value for name, value in self.headers if name.lower() == "subject"), "")

    @cached_property
    def sent_by(self) -> Person:
        """The first author in the header, else the sender in the envelope."""
        return next(iter(self._people("From")), Person("", one_line(utf8(self.sender))))

    @cached_property
    def to(self) -> list[Person]:
        """The people in the header To."""
        return self._people("To")

    @cached_property
    def cc(self) -> list[Person]:
        """The people in the header Cc."""
        return self._people("Cc")

    @cached_property
    def bcc(self) -> list[Person]:
        """The recipients that only the envelope names."""
        visible = {person.address.lower() for person in [*self.to, *self.cc]}
        addresses = dict.fromkeys(one_line(utf8(address)) for address in self.recipients)
        return [Person("", address) for address in addresses if address.lower() not in visible]

    @cached_property
    def body(self) -> Body:
        """Text, HTML and attachments; the whole source as text when it cannot be parsed."""
        if self.mail is not None:
            try:
                return read_body(self.mail)
            except Exception:  # noqa: S110 - hostile mail can break the parser in many ways
                pass
        return Body(text=readable(self.raw.decode("utf-8", "replace")))

    @cached_property
    def snippet(self) -> str:
        """The beginning of the text on one line."""
        line = one_line(self.body.text[: 4 * SNIPPET_CHARACTERS])
        return line if len(line) <= SNIPPET_CHARACTERS else line[: SNIPPET_CHARACTERS - 1] + "…"

    def _people(self, header: str) -> list[Person]:
        found = raw_headers(self.mail, header) if self.mail is not None else iter(())
        return [person for name, raw in found for person in people(name, raw)]
