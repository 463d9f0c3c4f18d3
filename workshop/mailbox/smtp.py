"""The receiving side: real SMTP, and every mail is welcome."""

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from workshop.mailbox.box import Box
from workshop.mailbox.message import Message

LARGEST = 1024 * 1024
MOST_RECIPIENTS = 100


class Receiver:
    """What aiosmtpd calls for each mail."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take up to 100 recipients, the number that RFC 5321 (4.5.3.1.8) asks for."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return f"452 Too many recipients: {MOST_RECIPIENTS} at most"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail; the answer names its id."""
        message = Message(
            envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.original_content or b""
        )
        self._box.add(message)
        return f"250 OK: caught as {message.id}"


def protocol(box: Box) -> SMTP:
    """What speaks SMTP on one connection; refuses mails over 1 MiB with 552. Needs a running event loop."""
    return SMTP(
        Receiver(box),
        data_size_limit=LARGEST,
        enable_SMTPUTF8=True,
        hostname="localhost",
        ident="Stepping Stones mail catcher",
        timeout=60,
        loop=asyncio.get_running_loop(),
    )
