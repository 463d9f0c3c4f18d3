"""The messages that services exchange, as JSON: topics, and the model of each message."""

from typing import Literal

from pydantic import BaseModel

HEARTBEAT = "registry.heartbeat"
"""`registry.heartbeat.<service>.<instance>` carries an Announcement, once a second and at each change."""

PROBE = "registry.probe"
"""Asks all instances to announce themselves now."""

APPLIED = "applied"
"""`applied.<service>` carries an Applied."""

APPLIED_QUERY = "applied-query"
"""`applied-query.<service>` takes an AppliedQuery; one of the service's instances replies with AppliedReply.
"""

SNAPSHOT_REQUEST = "snapshot.request"
"""Takes a SnapshotRequest; capture replies with SnapshotAccepted."""

REBUILD = "rebuild"
"""`rebuild.<service>` takes a RebuildRequest; one of the service's instances replies with RebuildStatus."""

HEARTBEAT_SECONDS = 1.0
EXPIRY_SECONDS = 3.5
"""An instance without a heartbeat for this long counts as gone."""


class Announcement(BaseModel):
    """An instance of a service: where it is, what it does, and how it is.

    `state` is `up` when it is ready for requests, `starting` when it lives and is not ready (its store is
    away, or its pond is not filled yet), and `gone` as it leaves. `takes` are the domains whose events it
    projects. `paths` are regular expressions of the API's paths that it answers. `load` is the number of
    requests in work, `behind` that of events not yet projected.
    """

    service: str
    version: str
    instance: str
    url: str
    tags: list[str]
    takes: list[str]
    state: Literal["up", "starting", "gone"]
    load: int = 0
    behind: int = 0
    pid: int


class Applied(BaseModel):
    """Documents that a service's pond shows from now on: keys of a domain, each with the owner's revision (0
    where the owner counts none).
    """

    service: str
    domain: str
    documents: list[tuple[str, int]]


class AppliedQuery(BaseModel):
    """Asks which revision of a document the pond shows."""

    domain: str
    key: str


class AppliedReply(BaseModel):
    """The revision that the pond shows (None: no such document), and whether an event of the document is a
    dead letter.
    """

    revision: int | None
    dead_lettered: bool


class SnapshotRequest(BaseModel):
    """A river needs snapshots of these domains; with `again` also where one is already on its way."""

    river: str
    domains: list[str]
    again: bool = False


class SnapshotAccepted(BaseModel):
    """The snapshots to come, by domain; their pages carry these ids as `run`."""

    runs: dict[str, str]


class RebuildRequest(BaseModel):
    """Asks for the status of a service's pond. With `rebuild` the pond is first filled anew from its owners,
    with `empty` from nothing instead of over what it has.
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
