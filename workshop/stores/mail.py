"""The mail catcher as a part that steps share."""

import sys

import requests

from workshop import local
from workshop.addresses import host_from, in_url
from workshop.ports import port_from
from workshop.stores.part import Part


class MailCatcher(Part):
    """Takes mail on MAIL_SMTP_PORT and shows it on MAIL_HTTP_PORT, the part's own port."""

    name = "mail"
    variable = "MAIL_HTTP_PORT"

    def __init__(self) -> None:
        super().__init__(host_from("MAIL_HOST"), port_from(self.variable))
        self.other_ports = {"MAIL_SMTP_PORT": port_from("MAIL_SMTP_PORT")}

    @property
    def page(self) -> str:
        """Where caught mail is shown."""
        return f"http://{in_url(self.host)}:{self.port}/"

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
            return local.ask(f"{self.page}livez", timeout=1).ok
        except requests.RequestException:
            return False
