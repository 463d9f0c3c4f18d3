"""The permissions of the users at the server, derived from what each service is for.

`python -m step3_async.rapids.nats.permissions` reads the users of a step's manifest as JSON, and writes
their permissions in the form of NATS.
"""

import json
import sys
from typing import Any

from pydantic import BaseModel, ConfigDict

from step3_async.rapids.messages import APPLIED, APPLIED_QUERY, HEARTBEAT, PROBE, REBUILD, SNAPSHOT_REQUEST
from step3_async.rapids.nats.streams import DEAD, RAPIDS, STREAMS, consumer_subject, dead_subject

EVERYTHING = [">"]


class Topics(BaseModel):
    """The topics of messages that a service publishes, subscribes to, sends requests to, and replies to."""

    model_config = ConfigDict(extra="forbid")

    publish: list[str] = []
    subscribe: list[str] = []
    request: list[str] = []
    reply: list[str] = []


class User(BaseModel):
    """A user: a service, described by what it is for. Every user may announce itself.

    `subscriptions` are the domains of the events in its river. A service with a river may also publish what
    its ponds show, and reply to queries about them. `publishes` are the domains of the events that it may
    publish. With `provisions` it may make the streams, with `manages` it may do everything. `topics` are
    those of further messages.
    """

    model_config = ConfigDict(extra="forbid")

    subscriptions: list[str] = []
    publishes: list[str] = []
    provisions: bool = False
    manages: bool = False
    topics: Topics = Topics()


def permissions_of(name: str, user: User) -> dict[str, Any]:
    """Return the `permissions` of a user in the server's configuration."""
    if user.manages:
        return {"publish": EVERYTHING, "subscribe": EVERYTHING}
    publish = [
        f"{HEARTBEAT}.{name}.*",
        *user.topics.publish,
        *user.topics.request,
        *(f"rapids.{each}.>" for each in user.publishes),
    ]
    subscribe = [f"_INBOX_{name}.>", PROBE, *user.topics.subscribe, *user.topics.reply]
    if user.subscriptions:
        publish += [f"{APPLIED}.{name}", SNAPSHOT_REQUEST, *_river(name)]
        subscribe += [f"{APPLIED_QUERY}.{name}", f"{REBUILD}.{name}"]
    if user.provisions:
        publish += [f"$JS.API.STREAM.{call}.{stream}" for call in ("CREATE", "UPDATE") for stream in STREAMS]
    if user.subscriptions or user.provisions:
        publish += [f"$JS.API.STREAM.INFO.{stream}" for stream in STREAMS]
    # A service may reply to the inbox that a request names.
    return {"publish": sorted(publish), "subscribe": sorted(subscribe), "allow_responses": True}


def _river(name: str) -> list[str]:
    """Return the subjects that a service publishes to for its own river and its own dead letters."""
    own = [consumer_subject(call, name) for call in ("INFO", "CREATE", "MSG.NEXT")]
    dead = dead_subject(name)
    return [*own, f"$JS.ACK.{RAPIDS}.{name}.>", dead, f"$JS.API.CONSUMER.CREATE.{DEAD}.*.{dead}"]


def main() -> None:
    """Read users from standard input, and write permissions to standard output."""
    users = {name: User.model_validate(each) for name, each in json.load(sys.stdin).items()}
    json.dump({name: permissions_of(name, user) for name, user in users.items()}, sys.stdout)


if __name__ == "__main__":
    main()
