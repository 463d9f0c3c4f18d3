"""Caught mail, read through Mailpit's API."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.support.eventually import eventually

LOOK_BACK = 500


@dataclass(frozen=True)
class Mailbox:
    """The caught mails behind the API at `url`."""

    url: str

    def all_to(self, address: str) -> list[dict[str, Any]]:
        """Return all mails to an address (To, Cc or Bcc), each with its text, newest first."""
        caught = self._get("messages", limit=LOOK_BACK)["messages"]
        mine = [each for each in caught if address in recipients(each)]
        return [self._get(f"message/{each['ID']}") for each in mine]

    def only_one_to(self, address: str) -> dict[str, Any]:
        """Wait for the only mail to an address, and return it."""

        def check() -> dict[str, Any]:
            found = self.all_to(address)
            assert len(found) == 1, f"{len(found)} mails to {address}"
            return found[0]

        return eventually(check)

    def _get(self, path: str, **query: Any) -> Any:
        response = requests.get(f"{self.url}/api/v1/{path}", params=query, timeout=30)
        response.raise_for_status()
        return response.json()


def recipients(message: dict[str, Any]) -> set[str]:
    """Return all recipients of a mail."""
    return {each["Address"] for kind in ("To", "Cc", "Bcc") for each in message[kind] or []}
