"""The service factory of step 3: a service has its own database, ponds, and tokens that `members` signs."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import Blueprint
from pymongo.database import Database

from kit.domain.indexes import REVOKED
from kit.domain.members.revocations import Revocations
from kit.http.problems import Problem
from kit.mongo.client import Document, accepts_writes
from kit.mongo.indexes import Indexes
from kit.mongo.prepare import prepare_beside
from kit.service import Service, ServiceDefinition, create_service
from kit.settings import ServiceSettings
from kit.tokens import Verifier
from step3_async.rapids.bus import Bus
from step3_async.rapids.hosting.host import EXTENSION, Connect, Host, Part
from step3_async.rapids.hosting.load import Load
from step3_async.rapids.hosting.projection_runner import ProjectionRunner
from step3_async.rapids.hosting.response_headers import add_dependency, add_written_document
from step3_async.rapids.hosting.tokens import make_verifier
from step3_async.rapids.messages import AnnouncedPath
from step3_async.rapids.pond import Pond, pond_indexes
from step3_async.rapids.tracing import pass_on_context

WITHOUT_BUS_SECONDS = 30.0
"""How long the bus may be away at a start. Then ponds that were complete once are used: old data are better
than none.
"""


def make_service(
    name: str,
    database: Database[Document],
    *,
    tags: tuple[str, ...],
    resources: Mapping[str, Mapping[str, Any]],
    indexes: Indexes,
    paths: tuple[AnnouncedPath | str, ...] = (),
    owns: str | None = None,
    ponds: tuple[Pond, ...] = (),
    verbs: Iterable[Blueprint] = (),
    same_for_visitors: Mapping[str, str] | None = None,
    parts: Mapping[str, Callable[[], bool]] | None = None,
    optional: frozenset[str] = frozenset(),
    verifier: Verifier | None = None,
    identifies_readers: bool = True,
    part: Callable[[Bus], Part] | None = None,
    connect: Connect | None = None,
) -> Service:
    """Make the service `name` with Eve's `resources` and these `verbs` from the settings in the environment.

    It announces itself in the registry, with its `tags` and the `paths` whose requests it wants. `owns` is
    the collection whose changes capture publishes, and `ponds` are filled from the service's river.
    `same_for_visitors` names endpoints whose responses are the same for all visitors, each with the domain on
    which they depend. `parts` and `optional` are as in `kit.service.ServiceDefinition`. `verifier` verifies
    readers' tokens: by default with the keys that the gateway publishes, and with a pond of the tokens that
    were revoked. A service that does not fill ponds may have another `part` that works with the bus, and its
    own `connect`, which connects to the bus.
    """
    settings = ServiceSettings.read()
    revocations = Revocations(database["revoked"])
    if identifies_readers and verifier is None:
        verifier = make_verifier()
        ponds = (*ponds, Pond(revocations.collection, "members", ("expires",), times=("expires",)))
    indexes = {**indexes, **(REVOKED if identifies_readers else {})}
    if ponds:
        indexes |= pond_indexes(*{pond.collection.name for pond in ponds})
        part = lambda bus: ProjectionRunner(bus, name, ponds)  # noqa: E731
    needed = {
        "mongodb": lambda: accepts_writes(database.client),
        "indexes": prepare_beside(database, indexes, (owns,) if owns else ()),
    }
    host = Host(
        name,
        tags,
        part,
        paths=paths,
        connect=connect,
        is_healthy=lambda: all(is_ok() for is_ok in needed.values()),
        load=lambda: load.now,
    )
    app = create_service(
        ServiceDefinition(
            name=name,
            title=name.capitalize(),
            domain=resources,
            client=database.client,
            verifier=verifier,
            revoked=revocations.includes,
            parts={
                **needed,
                **({"pond": PondsReady(host, ponds)} if ponds else {}),
                "rapids": lambda: host.connected,
                **(parts or {}),
            },
            optional=optional | {"rapids"},
            version=settings.version,
            instance=settings.instance,
        )
    )
    for verb in verbs:
        app.register_blueprint(verb)
    add_written_document(app)
    add_dependency(app, name, same_for_visitors or {})
    pass_on_context(app)
    load = app.wsgi_app = Load(app.wsgi_app)
    app.extensions[EXTENSION] = host
    host.start()
    return app


class PondsReady:
    """Whether `ponds` contain all changes from before the instance's start. Until then it is not ready."""

    def __init__(self, host: Host, ponds: Sequence[Pond]) -> None:
        self._host, self._ponds = host, ponds
        self._started = time.monotonic()

    def __call__(self) -> bool:
        """Return whether they do; False while that is unknown."""
        if self._host.ready:
            return True
        is_late = time.monotonic() - self._started > WITHOUT_BUS_SECONDS
        return is_late and not self._host.connected and self._are_complete()

    def _are_complete(self) -> bool:
        try:
            states = [pond.snapshots.get(pond.domain) for pond in self._ponds]
        except Problem:
            return False
        return all(state is not None and state.complete for state in states)
