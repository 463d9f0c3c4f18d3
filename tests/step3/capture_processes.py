"""Instances of capture as processes, and what they publish."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from step3_async.capture.sources import SOURCES
from step3_async.contracts.envelope import SNAPSHOT_PAGE, Document, Event
from step3_async.rapids.bus import Unavailable
from step3_async.rapids.connect import connect
from step3_async.rapids.messages import SnapshotAccepted, SnapshotRequest
from tests.step3.nats_server import NatsServer, nats_server
from tests.step3.owners import Owners, owners
from tests.support.eventually import eventually
from workshop.ports import free_port
from workshop.state import ROOT

DOMAINS = tuple(source.domain for source in SOURCES)
START_SECONDS = 60
PAUSE_SECONDS = 0.1


class Capture:
    """An instance of capture that may be killed and started again."""

    def __init__(self, owners: Owners, nats_url: str, log: Path, name: str = "capture") -> None:
        self.name, self.port = name, free_port()
        self._log = log
        self._env = {
            **os.environ,
            "MONGODB_URI": owners.capture,
            "NATS_URL": nats_url,
            "OWNERS_PREFIX": owners.prefix,
            "PORT": str(self.port),
            "INSTANCE": name,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [
            *(sys.executable, "-m", "kit.server", "--config", "step3_async/gunicorn.conf.py"),
            "step3_async.capture.service:make_app()",
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._env, stdout=log, stderr=log, start_new_session=True
            )

    def send(self, number: int) -> None:
        """Send a signal to the server and its worker."""
        assert self._process
        os.killpg(self._process.pid, number)

    def stop(self, number: int = signal.SIGTERM) -> int | None:
        """End it, and return its exit code."""
        if self._process is None:
            return None
        process, self._process = self._process, None
        if number == signal.SIGTERM:
            process.send_signal(number)
        else:
            os.killpg(process.pid, number)
        os.killpg(process.pid, signal.SIGCONT)
        return process.wait(START_SECONDS)

    def metric(self, name: str) -> float:
        """Return the sum of a metric's samples."""
        lines = requests.get(f"{self.url}/metrics", timeout=30).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))

    def leads(self) -> int:
        """Return how many sources it follows."""
        return int(self.metric("capture_leases"))

    def await_leading(self, owners: Owners) -> None:
        """Wait until it follows all sources, so that it misses no write."""

        def check() -> None:
            assert self._process
            assert self._process.poll() is None, self.log
            held = owners.own["leases"].count_documents({"holder": {"$regex": f"^{self.name} "}})
            assert held == len(SOURCES), self.log
            assert owners.own["positions"].count_documents({}) == len(SOURCES), self.log

        eventually(check, START_SECONDS)


@contextmanager
def capture(owners: Owners, nats_url: str, folder: Path, name: str = "capture") -> Iterator[Capture]:
    """Yield a running instance."""
    made = Capture(owners, nats_url, folder / f"{name}.log", name)
    made.start()
    try:
        yield made
    finally:
        made.stop(signal.SIGKILL)


class Rapids(threading.Thread):
    """Reads a river of all domains, and records events in the order of the rapids: a river may deliver an
    event again later.
    """

    def __init__(self, url: str, river: str = "listener") -> None:
        super().__init__(name=river, daemon=True)
        self._stored: dict[int, Event] = {}
        self._url, self._river = url, river
        self._reads, self._ends = threading.Event(), threading.Event()

    def __enter__(self) -> "Rapids":
        self.start()
        assert self._reads.wait(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self.join(10)

    def run(self) -> None:
        asyncio.run(self._read())

    async def _read(self) -> None:
        transport = await connect(self._river, url=self._url, provisions=True)
        river = await transport.open_river(self._river, DOMAINS)
        self._reads.set()
        while not self._ends.is_set():
            try:
                for delivery in await river.fetch(500, 0.2):
                    number = delivery._message.metadata.sequence.stream
                    self._stored[number] = Event.model_validate_json(delivery.data)
                    await delivery.ack()
            except Unavailable:
                await asyncio.sleep(PAUSE_SECONDS)
        await river.close()
        await transport.close()

    @property
    def events(self) -> list[Event]:
        """Return all events so far."""
        return [event for _, event in sorted(self._stored.copy().items())]

    def of(self, domain: str, *names: str) -> Sequence[Event]:
        """Return the events of a domain so far, of these names if any are given."""
        return [e for e in self.events if e.event_domain == domain and (not names or e.event_name in names)]

    def request_snapshot(self, *domains: str, again: bool = False, river: str = "") -> dict[str, str]:
        """Request a snapshot for a river, by default for this one, and return the accepted runs."""
        content = SnapshotRequest(river=river or self._river, domains=list(domains), again=again)

        async def send() -> Any:
            transport = await connect("requester", url=self._url)
            try:
                return await transport.request("snapshot.request", content.model_dump_json().encode(), 30)
            finally:
                await transport.close()

        return SnapshotAccepted.model_validate_json(asyncio.run(send())).runs


@dataclass
class Stage:
    """Owners, rapids, a reader of all events, and the instances that a test starts."""

    owners: Owners
    nats: NatsServer
    rapids: Rapids
    folder: Path

    def capture(self, name: str = "capture") -> AbstractContextManager[Capture]:
        return capture(self.owners, self.nats.url(), self.folder, name)

    def await_events(
        self, domain: str, count: int, *names: str, seconds: float = START_SECONDS
    ) -> Sequence[Event]:
        """Wait for `count` events of a domain, and return them."""

        def check() -> Sequence[Event]:
            found = self.rapids.of(domain, *names)
            assert len(found) >= count, f"{len(found)} of {count}"
            return found

        return eventually(check, seconds)

    def await_snapshot(
        self, domain: str, run: str | None = None, seconds: float = START_SECONDS
    ) -> list[Event]:
        """Wait for all pages of a snapshot, by default of any run, and return them."""

        def check() -> list[Event]:
            pages = self.rapids.of(domain, SNAPSHOT_PAGE)
            found = [page for page in pages if run in (None, page.payload["run"])]
            assert any(page.payload["last"] for page in found), len(found)
            return found

        return eventually(check, seconds)


@contextmanager
def captured(mongod: Any, folder: Path, *, images: bool = True) -> Iterator[Stage]:
    """Yield all that a test of capture needs, without an instance."""
    with (
        nats_server(folder) as nats,
        owners(mongod, images=images) as own,
        Rapids(nats.url()) as rapids,
    ):
        yield Stage(own, nats, rapids, folder)


def folded(events: Iterable[Event]) -> dict[str, Document]:
    """Return the documents after these events of one domain, in any order, by the rules of versions."""
    have: dict[str, tuple[str, Document | None]] = {}
    for event in events:
        if event.event_name != SNAPSHOT_PAGE:
            _take(have, event.key, event.version, event.after)
            continue
        page = event.payload
        there = {document["_id"]: document for document in page["documents"]}
        for key, document in there.items():
            _take(have, key, event.version, document)
        for key in have.keys() - there.keys():
            if (page["after"] is None or key > page["after"]) and (
                page["upto"] is None or key <= page["upto"]
            ):
                _take(have, key, event.version, None)
    return {key: document for key, (_, document) in have.items() if document is not None}


def _take(
    have: dict[str, tuple[str, Document | None]], key: str, version: str, found: Document | None
) -> None:
    if key not in have or have[key][0] <= version:
        have[key] = (version, found)
