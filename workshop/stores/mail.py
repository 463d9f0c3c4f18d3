"""The mail catcher as a shared server."""

import sys

import requests

from workshop import local_http
from workshop.addresses import host_from, host_in_url
from workshop.ports import port_from
from workshop.stores.server import SharedServer


class MailCatcher(SharedServer):
    """Receives mail on MAIL_SMTP_PORT and shows it on MAIL_HTTP_PORT, which is `port`."""

    name = "mail"
    variable = "MAIL_HTTP_PORT"

    def __init__(self) -> None:
        super().__init__(host_from("MAIL_HOST"), port_from(self.variable))
        self.other_ports = {"MAIL_SMTP_PORT": port_from("MAIL_SMTP_PORT")}

    @property
    def page(self) -> str:
        """The address of the page that shows caught mail."""
        return f"http://{host_in_url(self.host)}:{self.port}/"

    @property
    def smtp_port(self) -> int:
        """The port for SMTP."""
        return self.other_ports["MAIL_SMTP_PORT"]

    def command(self) -> list[str]:
        return [
            sys.executable,
            "-m",
            "workshop.mailbox",
            "--host",
            self.host,
            "--http-port",
            str(self.port),
            "--smtp-port",
            str(self.smtp_port),
        ]

    def is_responding(self) -> bool:
        try:
            return local_http.request(f"{self.page}livez", timeout=1).ok
        except requests.RequestException:
            return False
