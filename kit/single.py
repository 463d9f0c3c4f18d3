"""The usual set-up of a single-function service: its own database, tokens that others mint, and copies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint
from pymongo.database import Database

from kit import environment
from kit.changes import Copy, Feed
from kit.changes.filled import Filled
from kit.changes.verbs import owner_blueprint, taker_blueprint
from kit.clients.discovery import Services
from kit.clients.rest import Rest
from kit.domain.indexes import Indexes, expiring
from kit.domain.members.revocations import Revocations
from kit.logs import configure_logs
from kit.mongo import client as mongo
from kit.mongo.client import Document, connect
from kit.mongo.prepare import prepare_beside
from kit.service import Service, Settings, create_service
from kit.tokens import ISSUER, SYNC, RemoteKeys, Verifier

REVOKED: Indexes = {"revoked": [expiring("expires")]}


def own_database(name: str) -> Database[Document]:
    """The database of the service of that name, whose process this is; its logs are told under the name."""
    configure_logs(environment.get_instance() or name)
    return connect(environment.get_mongodb_uri()).get_default_database()


@dataclass(frozen=True)
class Single:
    """A service by its `name`: Eve's `domain` over its `database` with these `indexes`.

    It `tells` others what changes in its collections, and `takes` copies of others'; both by the names
    that these go by. `parts` and `optional` are as in `kit.service.Settings`. `readers` verifies readers'
    tokens; by default with the keys that the service `members` publishes, and with a copy of the tokens
    that were ended early.
    """

    name: str
    title: str
    database: Database[Document]
    domain: Mapping[str, Mapping[str, Any]]
    indexes: Indexes
    tells: Mapping[str, Feed] = field(default_factory=dict)
    takes: Mapping[str, Copy] = field(default_factory=dict)
    parts: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    readers: Verifier | None = None


def make_service(single: Single, *verbs: Blueprint) -> Service:
    """The service with these verbs, as the environment describes this process of it."""
    database, revocations = single.database, Revocations(single.database["revoked"])
    services = Services(environment.get_services_file())
    takes = dict(single.takes)
    indexes = dict(single.indexes)
    readers = single.readers
    if readers is None:
        keys = RemoteKeys(Rest(services.finder("members"), "The members service"))
        keys.fetch_ahead()
        readers = Verifier(keys, ISSUER)
        takes["revocations"] = Copy(revocations.collection, ("expires",), times=("expires",))
        indexes |= REVOKED
    sync = Rest(services.finder("sync"), "The sync service")
    app = create_service(
        Settings(
            name=single.name,
            title=single.title,
            domain=single.domain,
            client=database.client,
            verifier=readers,
            revoked=revocations.includes,
            services=Verifier(RemoteKeys(sync), SYNC),
            parts={
                "mongodb": lambda: mongo.answers(database.client),
                "indexes": prepare_beside(database, indexes),
                **({"copies": Filled(single.name, takes, sync)} if takes else {}),
                **single.parts,
            },
            optional=single.optional,
            version=environment.get_version(),
            instance=environment.get_instance(),
        )
    )
    for blueprint in (owner_blueprint(single.tells), taker_blueprint(takes), *verbs):
        app.register_blueprint(blueprint)
    return app
