"""Capture announces its start, its state and its end to the registry."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from step3_async.capture.sources import SOURCES
from step3_async.rapids.connect import connect
from step3_async.rapids.messages import HEARTBEAT, PROBE, Announcement
from tests.step3.capture_processes import START_SECONDS, Stage, captured
from tests.support.eventually import eventually


class Registry(threading.Thread):
    """Receives announcements, and can send a probe."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.announced: list[tuple[str, Announcement]] = []
        self._url = url
        self._listening, self._probe, self._ends = threading.Event(), threading.Event(), threading.Event()

    def __enter__(self) -> "Registry":
        self.start()
        assert self._listening.wait(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self.join(10)

    def request(self) -> None:
        self._probe.set()

    def run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        async def receive(topic: str, text: bytes) -> None:
            self.announced.append((topic, Announcement.model_validate_json(text)))

        transport = await connect("registry", url=self._url)
        await transport.subscribe(f"{HEARTBEAT}.>", receive)
        self._listening.set()
        while not self._ends.is_set():
            if self._probe.is_set():
                self._probe.clear()
                await transport.publish(PROBE, b"")
            await asyncio.sleep(0.01)
        await transport.close()


@pytest.fixture
def stage(mongod: Any, tmp_path: Path) -> Iterator[Stage]:
    with captured(mongod, tmp_path) as made:
        yield made


def test_capture_is_announced_from_its_start_to_its_end(stage: Stage) -> None:
    with Registry(stage.nats.url()) as registry, stage.capture() as one:

        def await_one(check: Callable[[Announcement], bool], after: int = 0) -> Announcement:
            def found() -> Announcement:
                reported = [each for _, each in registry.announced[after:] if check(each)]
                assert reported
                return reported[0]

            return eventually(found, START_SECONDS)

        leading = await_one(
            lambda reported: reported.state == "up" and len(reported.tags) == len(SOURCES) + 1
        )
        assert (leading.service, leading.instance, leading.version) == ("capture", "capture", "v1")
        assert (leading.url, leading.subscriptions) == (one.url, [])
        assert {topic for topic, _ in registry.announced} == {f"{HEARTBEAT}.capture.capture"}

        def beats() -> None:
            assert len(registry.announced) - before > 3

        before = len(registry.announced)
        eventually(beats)
        registry.request()
        await_one(lambda reported: reported.state == "up", after=len(registry.announced))
        one.stop()
        await_one(lambda reported: reported.state == "gone")
        assert registry.announced[-1][1].state == "gone"
