"""Send a post by mail."""

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from kit.domain.posts.documents import Post
from kit.http.problems import DependencyTimeout, DependencyUnavailable, Unprocessable

PART = "The mail server"
TIMEOUT_SECONDS = 5.0


class Mailer:
    """Sends mail over SMTP while the reader waits."""

    def __init__(self, host: str, port: int, sender: str) -> None:
        self.host, self.port, self.sender = host, port, sender

    def send(self, post: Post, to: str, note: str, sharer: str) -> None:
        """Mail `post` to `to`.

        Raises DependencyUnavailable, DependencyTimeout, or Unprocessable when `to` is refused.
        """
        message = compose(post, to, note, sharer, self.sender)
        try:
            with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS) as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused:
            raise Unprocessable({"to": "the mail server refuses this address"}) from None
        except TimeoutError as error:
            raise DependencyTimeout(PART) from error
        except (OSError, smtplib.SMTPException) as error:
            raise DependencyUnavailable(PART) from error

    def is_available(self) -> bool:
        """Return whether the mail server accepts connections."""
        try:
            with smtplib.SMTP(self.host, self.port, timeout=1):
                return True
        except (OSError, smtplib.SMTPException):
            return False


def compose(post: Post, to: str, note: str, sharer: str, sender: str) -> EmailMessage:
    """Return the mail. Control characters of the title never get into a header."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = f"{sharer} shares: {_one_line(post['title'])}"
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="stepping-stones.example")
    paragraphs = [note.strip(), post["title"], post["url"], post["permalink"], f"Shared by {sharer}."]
    message.set_content("\n\n".join(filter(None, dict.fromkeys(paragraphs))))
    return message


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
