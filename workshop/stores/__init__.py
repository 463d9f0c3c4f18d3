"""The servers that a step needs, started on demand: MongoDB, NATS and a mail catcher."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from workshop import signals
from workshop.addresses import reachable_host
from workshop.ports import port_from
from workshop.steps import Step, read_step

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from workshop.stores.server import SharedServer


@dataclass
class Stores:
    """The addresses of the stores, `mongodb` and `nats` by user, and the servers that the workshop runs."""

    mongodb: dict[str, str] = field(default_factory=dict)
    nats: dict[str, str] = field(default_factory=dict)
    smtp_host: str = ""
    smtp_port: int = 0
    mail_page: str | None = None
    servers: list["SharedServer"] = field(default_factory=list)


@contextmanager
def running_stores(step: Step, *, mail: bool = True, events: bool = True) -> Iterator[Stores]:
    """Start the servers that `step` needs, and keep them up inside the block. Mail and events can be left
    out.

    Where the environment names a server (MONGODB_URI, NATS_URL, SMTP_HOST), use that one and start none.
    Raises click.ClickException when a server cannot be started.
    """
    from pymongo.errors import PyMongoError  # noqa: PLC0415  (it takes a while to import)

    from kit.mongo.uri import database_of  # noqa: PLC0415
    from workshop.stores.mail import MailCatcher  # noqa: PLC0415
    from workshop.stores.mongod import Mongod  # noqa: PLC0415
    from workshop.stores.nats import nats_server_of  # noqa: PLC0415

    external_mongodb, external_smtp = os.environ.get("MONGODB_URI"), os.environ.get("SMTP_HOST")
    external_nats = os.environ.get("NATS_URL")
    if external_mongodb:
        with click_errors():
            database_of(external_mongodb)
    with ExitStack() as stack:
        # All are started before any is waited for.
        mongod = None if external_mongodb else stack.enter_context(Mongod())
        server = None if external_nats or not events else nats_server_of(step)
        nats = stack.enter_context(server) if server else None
        catcher = None if external_smtp or not mail else stack.enter_context(MailCatcher())
        stores = Stores(servers=[each for each in (mongod, nats, catcher) if each])
        try:
            for each in stores.servers:
                each.wait()
            if mongod:
                for user in step.users:
                    signals.check()
                    stores.mongodb[user] = mongod.add_user(user, step.reads.get(user, ()))
            else:
                stores.mongodb = database_uris(external_mongodb or "", step.users)
        except PyMongoError as error:
            raise click.ClickException(
                f"The connection to MongoDB was lost ({type(error).__name__}). Try again shortly."
            ) from error
        for user in step.nats.users if step.nats else ():
            stores.nats[user] = nats.url(user) if nats else external_nats or ""
        if catcher:
            stores.smtp_host, stores.smtp_port = reachable_host(catcher.host), catcher.smtp_port
            stores.mail_page = catcher.page
        elif external_smtp:
            stores.smtp_host, stores.smtp_port = external_smtp.strip("[]"), port_from("SMTP_PORT", 25)
        yield stores


def database_uris(uri: str, users: list[str]) -> dict[str, str]:
    """Return the addresses for `users`: `uri` itself for a single one, else a database for each."""
    from kit.mongo.uri import in_database  # noqa: PLC0415

    if len(users) == 1:
        return {users[0]: uri}
    return {user: in_database(uri, user) for user in users}


@contextmanager
def click_errors() -> Iterator[None]:
    """Turn a RuntimeError about a setting into a click.ClickException, which is printed in one line."""
    try:
        yield
    except RuntimeError as error:
        raise click.ClickException(str(error)) from None


def nats_of_running_step(step: Step) -> Stores:
    """Return the NATS addresses of a running step. The server is not held: the run may end meanwhile."""
    from workshop.stores.nats import nats_server_of  # noqa: PLC0415

    if external := os.environ.get("NATS_URL"):
        return Stores(nats=dict.fromkeys(step.nats.users if step.nats else (), external))
    server = nats_server_of(step)
    if server is None or step.nats is None:
        return Stores()
    with server as nats:
        return Stores(nats={user: nats.url(user) for user in step.nats.users})


@contextmanager
def posts_collection(step: int) -> Iterator["Collection[dict[str, Any]]"]:
    """Return the collection that a step's posts are loaded into, with its server up inside the block."""
    described = read_step(step)
    with (
        running_stores(described, mail=False, events=False) as stores,
        open_posts(described, stores) as posts,
    ):
        yield posts


@contextmanager
def open_posts(step: Step, stores: Stores) -> Iterator["Collection[dict[str, Any]]"]:
    """Open the posts of a step whose stores are up. Writes are acknowledged once a majority has them on disk.

    Raises click.ClickException when the collection belongs to another application.
    """
    from pymongo import MongoClient, WriteConcern  # noqa: PLC0415

    from kit.domain.posts.documents import require_ours  # noqa: PLC0415
    from workshop.load.writing.retry import retry_while_unavailable  # noqa: PLC0415

    durable = WriteConcern(w="majority", j=True)
    with MongoClient[dict[str, Any]](
        stores.mongodb[step.posts], tz_aware=True, serverSelectionTimeoutMS=5000
    ) as client:
        posts = client.get_default_database().get_collection("posts", write_concern=durable)
        with click_errors():
            retry_while_unavailable(lambda: require_ours(posts), Event(), click.echo)
        yield posts
