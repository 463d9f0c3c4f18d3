"""The parts a step stands on, started when needed: MongoDB, NATS and a mail catcher."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from workshop import interruption
from workshop.addresses import reachable
from workshop.ports import port_from
from workshop.steps import Step, read_step

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from workshop.stores.part import Part


@dataclass
class Stores:
    """Addresses of the parts: `mongodb` and `nats` by user; and the servers of ours among them."""

    mongodb: dict[str, str] = field(default_factory=dict)
    nats: dict[str, str] = field(default_factory=dict)
    smtp_host: str = ""
    smtp_port: int = 0
    mail_page: str | None = None
    parts: list["Part"] = field(default_factory=list)


@contextmanager
def stores(step: Step, *, mail: bool = True, events: bool = True) -> Iterator[Stores]:
    """The parts `step` needs, up and ready inside the block, some of which can be left out.

    Where the environment names a server (MONGODB_URI, NATS_URL, SMTP_HOST) that one is used and none is
    started. Raises click.ClickException when a part cannot be had.
    """
    from pymongo.errors import PyMongoError  # noqa: PLC0415  (it takes a while to import)

    from kit.mongo.uri import database_of  # noqa: PLC0415
    from workshop.stores.mail import MailCatcher  # noqa: PLC0415
    from workshop.stores.mongod import Mongod  # noqa: PLC0415
    from workshop.stores.nats import nats_for  # noqa: PLC0415

    given_mongodb, given_smtp = os.environ.get("MONGODB_URI"), os.environ.get("SMTP_HOST")
    given_nats = os.environ.get("NATS_URL")
    if given_mongodb:
        with told():
            database_of(given_mongodb)
    with ExitStack() as stack:
        # All are started before any is waited for.
        mongod = None if given_mongodb else stack.enter_context(Mongod())
        server = None if given_nats or not events else nats_for(step)
        nats = stack.enter_context(server) if server else None
        catcher = None if given_smtp or not mail else stack.enter_context(MailCatcher())
        up = Stores(parts=[part for part in (mongod, nats, catcher) if part])
        try:
            for part in up.parts:
                part.wait()
            if mongod:
                for user in step.users:
                    interruption.obey()
                    up.mongodb[user] = mongod.add_user(user, step.reads.get(user, ()))
            else:
                up.mongodb = databases(given_mongodb or "", step.users)
        except PyMongoError as error:
            raise click.ClickException(
                f"MongoDB has just gone away ({type(error).__name__}). Please try again shortly."
            ) from error
        for user in step.nats.users if step.nats else ():
            up.nats[user] = nats.url(user) if nats else given_nats or ""
        if catcher:
            up.smtp_host, up.smtp_port = reachable(catcher.host), catcher.smtp_port
            up.mail_page = catcher.page
        elif given_smtp:
            up.smtp_host, up.smtp_port = given_smtp.strip("[]"), port_from("SMTP_PORT", 25)
        yield up


def databases(uri: str, users: list[str]) -> dict[str, str]:
    """The addresses that a given one makes for `users`: itself for a single one, else a database for each."""
    from kit.mongo.uri import in_database  # noqa: PLC0415

    if len(users) == 1:
        return {users[0]: uri}
    return {user: in_database(uri, user) for user in users}


@contextmanager
def told() -> Iterator[None]:
    """Have a RuntimeError for a setting told in a line. Raises click.ClickException."""
    try:
        yield
    except RuntimeError as error:
        raise click.ClickException(str(error)) from None


def running_events(step: Step) -> Stores:
    """Where the events of a running step are; nothing is held, so that the run may end all the same."""
    from workshop.stores.nats import nats_for  # noqa: PLC0415

    if given := os.environ.get("NATS_URL"):
        return Stores(nats=dict.fromkeys(step.nats.users if step.nats else (), given))
    server = nats_for(step)
    if server is None or step.nats is None:
        return Stores()
    with server as nats:
        return Stores(nats={user: nats.url(user) for user in step.nats.users})


@contextmanager
def posts_collection(step: int) -> Iterator["Collection[dict[str, Any]]"]:
    """The collection that takes a step's posts, with its server up inside the block."""
    described = read_step(step)
    with stores(described, mail=False, events=False) as up, posts_of(described, up) as posts:
        yield posts


@contextmanager
def posts_of(step: Step, up: Stores) -> Iterator["Collection[dict[str, Any]]"]:
    """The same, over stores that are up already. Writes count once a majority has them on disk.

    Raises click.ClickException where the collection is somebody else's.
    """
    from pymongo import MongoClient, WriteConcern  # noqa: PLC0415

    from kit.domain.posts.collection import require_ours  # noqa: PLC0415
    from workshop.load.patience import patiently  # noqa: PLC0415

    durable = WriteConcern(w="majority", j=True)
    with MongoClient[dict[str, Any]](
        up.mongodb[step.posts], tz_aware=True, serverSelectionTimeoutMS=5000
    ) as client:
        posts = client.get_default_database().get_collection("posts", write_concern=durable)
        with told():
            patiently(lambda: require_ours(posts), Event(), click.echo)
        yield posts
