"""The messages that services exchange, as JSON: topics, and the model of each message."""

from typing import Literal

from pydantic import BaseModel, Field

HEARTBEAT = "registry.heartbeat"
"""`registry.heartbeat.<service>.<instance>` carries an Announcement, once a second and at each change."""

PROBE = "registry.probe"
"""Has no content. Every instance that receives it announces itself at once."""

APPLIED = "applied"
"""`applied.<service>` carries an Applied."""

APPLIED_QUERY = "applied-query"
"""`applied-query.<service>` carries an AppliedQuery; one of the service's instances replies with
AppliedReply.
"""

SNAPSHOT_REQUEST = "snapshot.request"
"""Carries a SnapshotRequest; capture replies with SnapshotAccepted."""

REBUILD = "rebuild"
"""`rebuild.<service>` carries a RebuildRequest; one of the service's instances replies with RebuildStatus."""

HEARTBEAT_SECONDS = 1.0
EXPIRY_SECONDS = 3.5
"""An instance without a heartbeat for this long counts as gone."""


API = "/api"
"""The prefix of the services' paths at the gateway."""

Composition = Literal["none", "counts"]


class AnnouncedPath(BaseModel):
    """A path of a service. The gateway knows only announced paths, and sends requests for them to the
    service.

    In `template`, the braces of `/posts/{post}/like` stand for a name without slashes, those of
    `/{page:path}` for anything. Clients use the path `below` a prefix that the service does not see. `face`
    says which clients may use it without that prefix as well, as a path of the face: those that want JSON, or
    all that want no page; what others request there is for the web face. `composition` is what the gateway
    adds for a signed-in reader: the counts of all services that announce `/counts`.

    A `part` is not for clients: the gateway requests it to compose other responses, and several services may
    have the same. `seconds` is how long a response may take. With `trusts_gateway` the service gets the
    client's address and scheme, together with FACE_SECRET, which proves that they are from the gateway.
    """

    template: str = Field(pattern=r"^/([^{}]|\{\w+(:path)?\})*$")
    below: Literal["", "/api"] = "/api"
    face: Literal["none", "json", "any"] = "none"
    composition: Composition = "none"
    part: bool = False
    seconds: float = 5.0
    trusts_gateway: bool = False


class Announcement(BaseModel):
    """An instance of a service: where it is, what it does, and how it is.

    `state` is `up` when it is ready for requests, `starting` when it lives and is not ready (its store is
    away, or its pond is not filled yet), and `gone` as it leaves. `subscriptions` are the domains whose
    events it projects, and `paths` the requests that it gets. `load` is the number of requests in flight,
    `pending` that of events not yet projected.
    """

    service: str
    version: str
    instance: str
    url: str
    tags: list[str]
    subscriptions: list[str]
    paths: list[AnnouncedPath] = []
    state: Literal["up", "starting", "gone"]
    load: int = 0
    pending: int = 0
    pid: int


class Applied(BaseModel):
    """Documents that a service's pond shows from now on: keys of a domain, each with the owner's revision (0
    where the owner counts none).
    """

    service: str
    domain: str
    documents: list[tuple[str, int]]


class AppliedQuery(BaseModel):
    """A query for the revision of a document that the pond shows."""

    domain: str
    key: str


class AppliedReply(BaseModel):
    """The revision that the pond shows (None: no such document), and whether an event of the document is a
    dead letter.
    """

    revision: int | None
    dead_lettered: bool


class SnapshotRequest(BaseModel):
    """A request for snapshots of these domains for a river; with `again` for new ones, even if some are being
    published already.
    """

    river: str
    domains: list[str]
    again: bool = False


class SnapshotAccepted(BaseModel):
    """The snapshots to come, by domain; their pages carry these ids as `run`."""

    runs: dict[str, str]


class RebuildRequest(BaseModel):
    """A request for the status of a service's pond. With `rebuild` the pond is first filled anew from its
    owners. With `empty` it is emptied before.
    """

    rebuild: bool = False
    empty: bool = False


class SnapshotProgress(BaseModel):
    """The last snapshot of a domain: its `run` (None: not accepted yet), whether it is complete, how many
    pages were applied, and the last id up to which no page is missing.
    """

    run: str | None
    complete: bool
    pages: int
    reached: str | None


class RebuildStatus(BaseModel):
    """The status of a pond, by domain, and how many events are pending; or the `problem` that hides it."""

    domains: dict[str, SnapshotProgress]
    pending: int
    problem: str | None = None
