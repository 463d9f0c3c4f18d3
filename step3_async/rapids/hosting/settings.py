"""The settings with the addresses of this process and of the gateway."""

import socket

from pydantic import Field

from kit.settings import Settings, WholeNumber

ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


class HostingSettings(Settings):
    """The gateway's address, and this instance's own."""

    gateway_url: str = Field("http://127.0.0.1:8003", alias="GATEWAY_URL")
    own_url: str = Field("", alias="OWN_URL")
    host: str = Field("127.0.0.1", alias="STEP3_HOST")
    port: WholeNumber = Field(8000, alias="PORT")

    def get_own_url(self, port: int | None = None) -> str:
        """Return the address at which others reach this instance: `own_url`, or by default `host` and `port`.

        If the instance listens at all addresses of a machine, it is reached at the one to which the machine's
        name resolves.
        """
        if self.own_url:
            return self.own_url
        host = socket.gethostbyname(socket.gethostname()) if self.host in ALL_ADDRESSES else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port or self.port}"
