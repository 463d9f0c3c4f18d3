"""The receiving side: SMTP that accepts every mail."""

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from workshop.mailbox.box import Box
from workshop.mailbox.hang import LONGEST_SECONDS, Hang
from workshop.mailbox.message import Message

MAX_MESSAGE_BYTES = 1024 * 1024
MAX_RECIPIENTS = 100
IDLE_SECONDS = 60


class Receiver:
    """The handler that aiosmtpd calls for each mail."""

    def __init__(self, box: Box, hang: Hang) -> None:
        self._box, self._hang = box, hang

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept up to 100 recipients, the number that RFC 5321 (4.5.3.1.8) requires."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return f"452 Too many recipients: {MAX_RECIPIENTS} at most"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail. The reply contains its id. If the client gives up meanwhile, nothing is kept."""
        await self._hang.wait()
        message = Message(
            envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.original_content or b""
        )
        self._box.add(message)
        return f"250 OK: caught as {message.id}"


def protocol(box: Box, hang: Hang) -> SMTP:
    """Return the SMTP protocol of one connection. It refuses mails over 1 MiB with 552. Needs a running event
    loop.
    """
    return SMTP(
        Receiver(box, hang),
        data_size_limit=MAX_MESSAGE_BYTES,
        enable_SMTPUTF8=True,
        hostname="localhost",
        ident="Stepping Stones mail catcher",
        timeout=IDLE_SECONDS + LONGEST_SECONDS,  # a mail that waits for its reply counts as idle
        loop=asyncio.get_running_loop(),
    )
