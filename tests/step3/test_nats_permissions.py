"""What each user of NATS may do, and may not."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client

from step3_async.rapids.bus import DeadLetter
from step3_async.rapids.nats.permissions import User, permissions_of
from step3_async.rapids.nats.streams import provision
from tests.step3.nats_helpers import USERS, asynchronous, connections, events, take, until
from tests.step3.nats_server import ADMIN, NatsServer, nats_server

FOREIGN_SUBJECTS = (
    "rapids.posts.post-added",
    "rapids.again.list",
    "dead.list",
    "applied.list",
    "registry.heartbeat.list.one",
    "registry.probe",
    "applied-query.list",
    "rebuild.list",
    "_INBOX_list.abc",
    "$JS.API.CONSUMER.MSG.NEXT.RAPIDS.list",
    "$JS.API.CONSUMER.CREATE.RAPIDS.list",
    "$JS.API.CONSUMER.CREATE.RAPIDS.other",
    "$JS.API.CONSUMER.CREATE.RAPIDS.other.rapids.posts.*",
    "$JS.API.CONSUMER.CREATE.RAPIDS",
    "$JS.API.CONSUMER.DURABLE.CREATE.RAPIDS.search",
    "$JS.API.CONSUMER.DELETE.RAPIDS.list",
    "$JS.API.CONSUMER.DELETE.RAPIDS.search",
    "$JS.API.CONSUMER.CREATE.DEAD.any.dead.list",
    "$JS.API.CONSUMER.CREATE.DEAD.any",
    "$JS.ACK.RAPIDS.list.1.1.1.1.0",
    "$JS.API.STREAM.DELETE.RAPIDS",
    "$JS.API.STREAM.PURGE.RAPIDS",
    "$JS.API.STREAM.UPDATE.RAPIDS",
    "$JS.API.STREAM.MSG.GET.RAPIDS",
    "$JS.API.STREAM.MSG.GET.DEAD",
    "$JS.API.STREAM.MSG.DELETE.DEAD",
    "$JS.API.DIRECT.GET.RAPIDS",
)
FOREIGN_TOPICS = (
    ">",
    "rapids.>",
    "dead.>",
    "applied.>",
    "applied.list",
    "registry.heartbeat.>",
    "_INBOX_list.>",
    "_INBOX.>",
    "applied-query.list",
    "$JS.>",
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path, **USERS) as server:
        asyncio.run(provision(server.url()))
        yield server


class Refusals:
    """A client of the library, and the errors that the server sends it."""

    def __init__(self) -> None:
        self.client: Client
        self.errors: list[str] = []

    async def note(self, error: Exception) -> None:
        self.errors.append(str(error).lower())


@asynccontextmanager
async def bare(server: NatsServer, user: str) -> AsyncIterator[Refusals]:
    refusals = Refusals()
    refusals.client = await nats.connect(
        server.url(user), error_cb=refusals.note, inbox_prefix=f"_INBOX_{user}"
    )
    try:
        yield refusals
    finally:
        await refusals.client.close()


@pytest.mark.parametrize("subject", FOREIGN_SUBJECTS)
@pytest.mark.parametrize("user", ["search"])
def test_view_may_not_publish_on_foreign_subjects(server: NatsServer, user: str, subject: str) -> None:
    asyncio.run(refused_to_publish(server, user, subject))


async def refused_to_publish(server: NatsServer, user: str, subject: str) -> None:
    async with bare(server, user) as it:
        await it.client.publish(subject, b"{}")
        await it.client.flush()
        await until(
            lambda: any(subject.lower() in described and "publish" in described for described in it.errors)
        )


@asynchronous
async def test_view_may_not_subscribe_to_foreign_topics(server: NatsServer) -> None:
    async with bare(server, "search") as it:
        for topic in FOREIGN_TOPICS:
            it.errors.clear()
            await it.client.subscribe(topic)
            await it.client.flush()
            await until(lambda topic=topic: any(f'"{topic.lower()}"' in described for described in it.errors))


@asynchronous
async def test_a_view_may_not_read_dead_letters_of_another_by_its_own_name(server: NatsServer) -> None:
    async with connections(server) as connect:
        await (await connect(ADMIN)).dead_letter(DeadLetter("list", b"secret", "no", 1))
    async with bare(server, "search") as it:
        inbox = it.client.new_inbox()
        arrived = await it.client.subscribe(inbox)
        for filters in ({"filter_subject": "dead.list"}, {"filter_subjects": ["dead.list"]}, {}):
            config = {"name": "any", "deliver_subject": inbox, "ack_policy": "none", **filters}
            found = {"stream_name": "DEAD", "action": "create", "config": config}
            response = await it.client.request(
                "$JS.API.CONSUMER.CREATE.DEAD.any.dead.search", json.dumps(found).encode(), timeout=5
            )
            assert "error" in json.loads(response.data)
        await it.client.flush()
        assert not arrived.pending_msgs


@asynchronous
async def test_capture_may_publish_its_domains_and_read_nothing(server: NatsServer) -> None:
    for subject in (
        "rapids.members.token-revoked",
        "rapids.again.list",
        "applied.list",
        "applied-query.list",
    ):
        await refused_to_publish(server, "capture", subject)
    await refused_to_publish(server, "capture", "$JS.API.CONSUMER.CREATE.RAPIDS.capture")
    await refused_to_publish(server, "capture", "$JS.API.STREAM.DELETE.RAPIDS")
    async with connections(server) as connect:
        river = await (await connect("search")).open_river("search", ["posts", "tag"])
        await (await connect("capture")).publish_events([*events([1]), *events([1], "tag")])
        await take(river, 2)


@asynchronous
async def test_gateway_may_not_publish_applied(server: NatsServer) -> None:
    for subject in ("applied.list", "rapids.posts.post-added", "registry.heartbeat.list.one"):
        await refused_to_publish(server, "gateway", subject)


def test_connection_without_a_password_is_refused(server: NatsServer) -> None:
    async def come(url: str) -> None:
        await nats.connect(url, allow_reconnect=False, max_reconnect_attempts=1, error_cb=ignore)

    async def ignore(_error: Exception) -> None:
        return

    for login in ("", "search:wrong@", "nobody:password-nobody@"):
        with pytest.raises(nats.errors.Error):
            asyncio.run(come(f"nats://{login}127.0.0.1:{server.port}"))


def test_permissions_are_written_for_the_manifest() -> None:
    users: dict[str, dict[str, Any]] = {"search": {"subscriptions": ["posts"]}, "admin": {"manages": True}}
    command = [sys.executable, "-m", "step3_async.rapids.nats.permissions"]
    output = subprocess.run(command, input=json.dumps(users), capture_output=True, text=True, check=True)
    assert json.loads(output.stdout) == {
        name: permissions_of(name, User.model_validate(each)) for name, each in users.items()
    }
    wrong = subprocess.run(
        command, input='{"search": {"takse": []}}', capture_output=True, text=True, check=False
    )
    assert wrong.returncode
    assert "takse" in wrong.stderr
