"""The usual set-up of a service of step 3: its own database, ponds, tokens that others mint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint
from pymongo.database import Database

from kit.clients.rest import Rest
from kit.domain.indexes import REVOKED
from kit.domain.members.revocations import Revocations
from kit.mongo.client import Document, accepts_writes
from kit.mongo.indexes import Indexes
from kit.mongo.prepare import prepare_beside
from kit.service import Service, ServiceDefinition, create_service
from kit.settings import ServiceSettings
from kit.tokens import ISSUER, RemoteKeys, Verifier
from step3_async.rapids.bus import Bus
from step3_async.rapids.hosting.commands import tell_commands
from step3_async.rapids.hosting.filled import Filled
from step3_async.rapids.hosting.host import EXTENSION, Connect, Host, Part
from step3_async.rapids.hosting.load import Load
from step3_async.rapids.hosting.projection_runner import ProjectionRunner
from step3_async.rapids.hosting.sameness import tell_what_visitors_see_depends_on
from step3_async.rapids.hosting.settings import get_gateway_url
from step3_async.rapids.hosting.spans import trace_requests
from step3_async.rapids.messages import API, AnnouncedPath
from step3_async.rapids.pond import Pond, pond_indexes
from step3_async.rapids.tracing import configure_tracing


@dataclass(frozen=True)
class Hosted:
    """A service by its `name`: Eve's `domain` over its `database` with these `indexes`.

    `owns` is the collection whose changes are told to others; `ponds` are what it takes of others'. `tags`
    say in the registry what it is, and `paths` which requests it gets. Answers of the endpoints in `same` are
    the same for all visitors as long as nothing of the domain there changes. `parts` and `optional` are as in
    `kit.service.ServiceDefinition`. `readers` verifies readers' tokens; by default with the keys that the
    gateway knows. `part` is what it does with the bus besides, and `connect` makes that bus, where they are
    not the usual ones.
    """

    name: str
    title: str
    tags: tuple[str, ...]
    database: Database[Document]
    domain: Mapping[str, Mapping[str, Any]]
    indexes: Indexes
    paths: tuple[AnnouncedPath | str, ...] = ()
    owns: str | None = None
    ponds: tuple[Pond, ...] = ()
    same: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    readers: Verifier | None = None
    part: Callable[[Bus], Part] | None = None
    connect: Connect | None = None
    identifies_readers: bool = True


def event_service(hosted: Hosted, *verbs: Blueprint) -> Service:
    """The service with these verbs, as the environment describes this process of it, at work."""
    configure_tracing(hosted.name)
    database = hosted.database
    collections = {pond.collection.name for pond in hosted.ponds}
    indexes = dict(hosted.indexes)
    if hosted.identifies_readers:
        indexes |= REVOKED
    if hosted.ponds:
        indexes |= pond_indexes(*collections)
    images = (hosted.owns,) if hosted.owns else ()
    needed = {
        "mongodb": lambda: accepts_writes(database.client),
        "indexes": prepare_beside(database, indexes, images),
    }
    part = hosted.part
    if hosted.ponds:
        part = lambda bus: ProjectionRunner(bus, hosted.name, hosted.ponds)  # noqa: E731
    host = Host(
        hosted.name,
        hosted.tags,
        part,
        paths=hosted.paths,
        connect=hosted.connect,
        is_healthy=lambda: all(answers() for answers in needed.values()),
        load=lambda: load.now,
    )
    ponds = {"pond": Filled(host, hosted.ponds)} if hosted.ponds else {}
    app = create_service(
        ServiceDefinition(
            name=hosted.name,
            title=hosted.title,
            domain=hosted.domain,
            client=database.client,
            verifier=_readers(hosted),
            revoked=Revocations(database["revoked"]).includes,
            parts={**needed, **ponds, "rapids": lambda: host.connected, **hosted.parts},
            optional=hosted.optional | {"rapids"},
            version=ServiceSettings.read().version,
            instance=ServiceSettings.read().instance,
        )
    )
    for verb in verbs:
        app.register_blueprint(verb)
    tell_commands(app)
    tell_what_visitors_see_depends_on(app, hosted.name, hosted.same)
    trace_requests(app)
    load = app.wsgi_app = Load(app.wsgi_app)
    app.extensions[EXTENSION] = host
    host.start()
    return app


def _readers(hosted: Hosted) -> Verifier | None:
    if hosted.readers or not hosted.identifies_readers:
        return hosted.readers
    keys = RemoteKeys(Rest(get_gateway_url() + API, "The members service"))
    keys.fetch_ahead()
    return Verifier(keys, ISSUER)
