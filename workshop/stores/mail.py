"""The mail catcher as a part that steps share."""

import os
import sys

import requests

from workshop.ports import port_from
from workshop.stores.part import Part


class MailCatcher(Part):
    """Takes mail on MAIL_SMTP_PORT and shows it on MAIL_HTTP_PORT, the part's own port."""

    name = "mail"
    variable = "MAIL_HTTP_PORT"

    def __init__(self) -> None:
        super().__init__(os.environ.get("MAIL_HOST", "127.0.0.1"), port_from(self.variable))
        self.other_ports = {"MAIL_SMTP_PORT": port_from("MAIL_SMTP_PORT")}

    @property
    def smtp_port(self) -> int:
        """Where it takes mail."""
        return self.other_ports["MAIL_SMTP_PORT"]

    def command(self) -> list[str]:
        """The workshop's own catcher."""
        return [
            *(sys.executable, "-m", "workshop.mailbox", "--host", self.host),
            *("--http-port", str(self.port), "--smtp-port", str(self.smtp_port)),
        ]

    def answers(self) -> bool:
        """Whether its page is up."""
        try:
            return requests.get(f"http://{self.host}:{self.port}/livez", timeout=1).ok
        except requests.RequestException:
            return False
