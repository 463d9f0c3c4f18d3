"""The monolith's store for tests of the database."""

from kit.domain.mail.mailer import Mailer
from kit.domain.pictures.fetch import Fetcher
from kit.mongo.client import Client
from step0_monolith.monolith import MonolithStore


def monolith_store(client: Client, **limits: int) -> MonolithStore:
    """Return the store, with a mail server that is away and without a fetcher of pictures."""
    return MonolithStore(client, Mailer("127.0.0.1", 1, "stones@example.org"), Fetcher(1), **limits)
