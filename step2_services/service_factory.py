"""The service factory of step 2: a service has its own database, copies, and tokens that `members` signs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Blueprint
from pymongo.database import Database

from kit.clients.discovery import Services
from kit.clients.rest import Rest
from kit.domain.indexes import REVOKED
from kit.domain.members.revocations import Revocations
from kit.mongo.client import Document, accepts_writes
from kit.mongo.indexes import Indexes
from kit.mongo.prepare import prepare_beside
from kit.service import Service, ServiceDefinition, create_service
from kit.settings import ServiceSettings
from kit.tokens import ISSUER, SYNC, RemoteKeys, Verifier
from step2_services.replication import Copy, Feed
from step2_services.replication.readiness import CopiesReady
from step2_services.replication.verbs import copies_blueprint, feeds_blueprint


def make_service(
    name: str,
    database: Database[Document],
    *,
    resources: Mapping[str, Mapping[str, Any]],
    indexes: Indexes,
    feeds: Mapping[str, Feed] | None = None,
    copies: Mapping[str, Copy] | None = None,
    verbs: Iterable[Blueprint] = (),
    parts: Mapping[str, Callable[[], bool]] | None = None,
    optional: frozenset[str] = frozenset(),
    verifier: Verifier | None = None,
    face_secret: str = "",
) -> Service:
    """Make the service `name` with Eve's `resources` and these `verbs` from the settings in the environment.

    It publishes the changes of its own collections as `feeds`, and keeps `copies` of others' documents, both
    by their names. `parts`, `optional` and `face_secret` are as in
    `kit.service.ServiceDefinition`. `verifier` verifies readers' tokens: by default with the keys that the
    service `members` publishes, and with a copy of the list of tokens that were revoked early.
    """
    settings = ServiceSettings.read()
    services = Services(settings.services_file)
    sync = Rest(services.finder("sync"), "The sync service")
    revocations = Revocations(database["revoked"])
    copies = dict(copies or {})
    if verifier is None:
        keys = RemoteKeys(Rest(services.finder("members"), "The members service"))
        keys.fetch_ahead()
        verifier = Verifier(keys, ISSUER)
        copies["revocations"] = Copy(revocations.collection, ("expires",), times=("expires",))
        indexes = {**indexes, **REVOKED}
    app = create_service(
        ServiceDefinition(
            name=name,
            title=name.capitalize(),
            domain=resources,
            client=database.client,
            verifier=verifier,
            revoked=revocations.includes,
            services=Verifier(RemoteKeys(sync), SYNC),
            face_secret=face_secret,
            parts={
                "mongodb": lambda: accepts_writes(database.client),
                "indexes": prepare_beside(database, indexes),
                **({"copies": CopiesReady(name, copies, sync)} if copies else {}),
                **(parts or {}),
            },
            optional=optional,
            version=settings.version,
            instance=settings.instance,
        )
    )
    for blueprint in (feeds_blueprint(feeds or {}), copies_blueprint(copies), *verbs):
        app.register_blueprint(blueprint)
    return app
