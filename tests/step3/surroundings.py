"""What a single service of step 3 needs around it: owners that publish events, and a publisher of keys."""

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex, token_urlsafe
from typing import Any, TypeVar

from kit.tokens import ISSUER, Issuer
from step3_async.contracts.envelope import Event, Page
from step3_async.rapids.bus import Bus
from step3_async.rapids.connect import connect
from step3_async.rapids.messages import (
    APPLIED,
    APPLIED_QUERY,
    HEARTBEAT,
    SNAPSHOT_REQUEST,
    Announcement,
    Applied,
    AppliedQuery,
    AppliedReply,
    SnapshotAccepted,
    SnapshotRequest,
)
from step3_async.rapids.nats.streams import provision
from tests.step3 import histories
from tests.support.eventually import eventually

Document = dict[str, Any]
Result = TypeVar("Result")
PATIENCE = 60.0


class Owners:
    """Publishes what capture would publish for owners, over a real NATS, and receives what services publish.

    Snapshots have the `documents` of a domain; while `held`, requests are accepted and no pages come.
    """

    def __init__(self, url: str) -> None:
        self.documents: dict[str, dict[str, Document]] = defaultdict(dict)
        self.held = False
        self.announced: list[Announcement] = []
        self.applied: list[Applied] = []
        self._url = url
        self._number = 0
        self._applied_before: dict[tuple[str, str], int] = {}
        self._loop = asyncio.new_event_loop()
        self._transport: Bus
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._do(self._open())

    def close(self) -> None:
        """Close the connection."""
        self._do(self._transport.close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def write(self, domain: str, key: str, after: Document | None, **found: Any) -> Event:
        """Write or remove a document, publish the event, and return it."""
        event = self.event(domain, key, after, **found)
        self.publish(event)
        return event

    def event(self, domain: str, key: str, after: Document | None, **found: Any) -> Event:
        """Write or remove a document, and return the event without publishing it."""
        self._number += 1
        if after is None:
            self.documents[domain].pop(key, None)
        else:
            self.documents[domain][key] = after
        unique = {"event_id": token_hex(16)}
        return histories.event(domain, self._number, key, after, **(unique | found))

    def publish(self, *events: Event) -> None:
        """Publish events in this order."""
        for event in events:
            self._applied_before[event.event_domain, event.key] = len(self.applied)
        self._do(self._transport.publish_events(events))

    def publish_raw(self, subject: str, text: bytes) -> None:
        """Publish any bytes."""
        connection = self._transport._link.now  # type: ignore[attr-defined]
        self._do(connection.publish(subject, text))

    def last(self, instance: str) -> Announcement | None:
        """Return the last announcement of an instance."""
        return next((each for each in reversed(self.announced) if each.instance == instance), None)

    def await_state(self, instance: str, state: str, patience: float = PATIENCE) -> Announcement:
        """Wait until an instance announces this state."""

        def check() -> Announcement:
            last = self.last(instance)
            assert last is not None
            assert last.state == state
            return last

        return eventually(check, patience)

    def await_applied(self, service: str, domain: str, key: str, revision: int = 0) -> None:
        """Wait until a service has published that it shows the last state of a document."""
        before = self._applied_before.get((domain, key), 0)

        def check() -> None:
            found = [
                number
                for each in self.applied[before:]
                if (each.service, each.domain) == (service, domain)
                for name, number in each.documents
                if name == key
            ]
            assert any(number >= revision for number in found), f"{service} applied {found}"

        eventually(check, PATIENCE)

    def query(self, service: str, domain: str, key: str) -> AppliedReply:
        """Return a service's reply to a query for a document."""
        content = AppliedQuery(domain=domain, key=key).model_dump_json().encode()
        return AppliedReply.model_validate_json(
            self._do(self._transport.request(f"{APPLIED_QUERY}.{service}", content, 5))
        )

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _open(self) -> None:
        await provision(self._url)
        self._transport = await connect("tests", url=self._url)
        await self._transport.subscribe(f"{HEARTBEAT}.>", self._on_heartbeat)
        await self._transport.subscribe(f"{APPLIED}.>", self._on_applied)
        await self._transport.reply(SNAPSHOT_REQUEST, self._accept)

    async def _on_heartbeat(self, _topic: str, text: bytes) -> None:
        self.announced.append(Announcement.model_validate_json(text))

    async def _on_applied(self, _topic: str, text: bytes) -> None:
        self.applied.append(Applied.model_validate_json(text))

    async def _accept(self, text: bytes) -> bytes:
        request = SnapshotRequest.model_validate_json(text)
        runs = {domain: token_hex(8) for domain in request.domains}
        for domain, run in runs.items():
            asyncio.get_running_loop().create_task(self._snapshot(request.river, domain, run))
        return SnapshotAccepted(runs=runs).model_dump_json().encode()

    async def _snapshot(self, river: str, domain: str, run: str) -> None:
        while self.held:
            await asyncio.sleep(0.02)
        documents = [{"_id": key, **each} for key, each in sorted(self.documents[domain].items())]
        page = Page(run=run, documents=documents, after=None, upto=None, last=True)
        await self._transport.publish_events([histories.page(domain, self._number, page)], to=river)


class Mint:
    """Makes readers' tokens, and publishes the keys as the gateway would."""

    def __init__(self) -> None:
        self._issuer = Issuer(token_urlsafe(32), ISSUER, timedelta(hours=1))
        reported = json.dumps(self._issuer.jwks()).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == "/api/.well-known/jwks.json"
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(reported) if found else 0))
                self.end_headers()
                self.wfile.write(reported if found else b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def token(self, reader: str) -> str:
        """Return a token of a reader."""
        return self._issuer.issue(reader).token

    def close(self) -> None:
        """Stop the server of keys."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def owners_at(url: str) -> Iterator[Owners]:
    """Yield owners, connected to the server at `url`."""
    made = Owners(url)
    try:
        yield made
    finally:
        made.close()


def posts(word: str, amount: int, **more: Any) -> Sequence[tuple[str, Document]]:
    """Return posts as their owner publishes them, the newest first, by their ids."""
    return [(f"t3_{word}{number:03}", post(f"{word} {number}", number, **more)) for number in range(amount)]


def post(title: str, number: int = 0, **more: Any) -> Document:
    """Return a post as its owner publishes it."""
    return {
        "_etag": token_hex(8),
        "source": "reddit",
        "title": title,
        "text": f"of {title}",
        "author": "ann",
        "topic": "stones",
        "url": "https://example.org/a",
        "permalink": "https://example.org/p",
        "thumbnail": "",
        "created": f"2026-01-01T00:{59 - number // 60:02}:{59 - number % 60:02}Z",
        "score": 100 + number,
        "ups": 200 + number,
        "downs": 0,
        "num_comments": number,
        "over_18": False,
        "love": 200 + number,
        "_created": "2026-01-01T00:00:00Z",
        "_updated": "2026-01-01T00:00:00Z",
        **more,
    }


def mark(reader: str, post_id: str, revision: int, **kind: Any) -> tuple[str, Document]:
    """Return a mark as its owner publishes it, by its id."""
    found = {"reader": reader, "post": post_id, "topic": "stones", "revision": revision}
    return f"{reader}:{post_id}", {**found, **kind}
