"""What each user may do at the server, as it follows from what services are for.

`python -m step3_async.rapids.nats.permissions` reads users as a step's manifest has them, as JSON, and writes
their permissions, as NATS has them.
"""

import json
import sys
from typing import Any

from pydantic import BaseModel, ConfigDict

from step3_async.rapids.messages import APPLIED, APPLIED_QUERY, HEARTBEAT, PROBE, REBUILD, SNAPSHOT_REQUEST
from step3_async.rapids.nats.streams import DEAD, RAPIDS, STREAMS, dead_subject

EVERYTHING = [">"]


class User(BaseModel):
    """A service, by what it is for; each may announce itself.

    `takes` are domains whose events its river brings; it then tells and answers, in its own name, what ponds
    do. `publishes` are domains whose events it makes known. `provisions`: it makes the rapids where they are
    missing. `manages`: it may do everything. The others are further signals and questions, by topic.
    """

    model_config = ConfigDict(extra="forbid")

    takes: list[str] = []
    publishes: list[str] = []
    provisions: bool = False
    manages: bool = False
    tells: list[str] = []
    hears: list[str] = []
    asks: list[str] = []
    answers: list[str] = []


def permissions_of(name: str, user: User) -> dict[str, Any]:
    """The `permissions` of a user in the server's configuration."""
    if user.manages:
        return {"publish": EVERYTHING, "subscribe": EVERYTHING}
    publish = [
        f"{HEARTBEAT}.{name}.*",
        *user.tells,
        *user.asks,
        *(f"rapids.{each}.>" for each in user.publishes),
    ]
    subscribe = [f"_INBOX_{name}.>", PROBE, *user.hears, *user.answers]
    if user.takes:
        publish += [f"{APPLIED}.{name}", SNAPSHOT_REQUEST, *_river(name)]
        subscribe += [f"{APPLIED_QUERY}.{name}", f"{REBUILD}.{name}"]
    if user.provisions:
        publish += [f"$JS.API.STREAM.{call}.{stream}" for call in ("CREATE", "UPDATE") for stream in STREAMS]
    if user.takes or user.provisions:
        publish += [f"$JS.API.STREAM.INFO.{stream}" for stream in STREAMS]
    # Whoever is asked may answer to the inbox that the question names.
    return {"publish": sorted(publish), "subscribe": sorted(subscribe), "allow_responses": True}


def _river(name: str) -> list[str]:
    """What must be published to read one's own river, and to keep and find one's own dead letters."""
    own = [f"$JS.API.CONSUMER.{call}.{RAPIDS}.{name}" for call in ("INFO", "CREATE", "MSG.NEXT")]
    dead = dead_subject(name)
    return [*own, f"$JS.ACK.{RAPIDS}.{name}.>", dead, f"$JS.API.CONSUMER.CREATE.{DEAD}.*.{dead}"]


def main() -> None:
    """Users from standard input, permissions to standard output."""
    users = {name: User.model_validate(each) for name, each in json.load(sys.stdin).items()}
    json.dump({name: permissions_of(name, user) for name, user in users.items()}, sys.stdout)


if __name__ == "__main__":
    main()
