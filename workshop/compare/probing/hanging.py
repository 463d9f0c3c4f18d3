"""A mail server and a web site with pictures that let their clients wait when they are told to."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from workshop import state
from workshop.ports import free_port
from workshop.testbed.process import run_workshop

HOST = "127.0.0.1"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
"""A picture of one pixel."""

PICTURED_SINCE = 1_300_000_000
"""When the pictured posts were written, in seconds since 1970: before all others, so on no first page."""


class HangingMail:
    """Takes mail and drops it, `seconds` after it has come. As a context manager it listens on `port`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.port = free_port()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen inside the block."""
        controller = Controller(self, hostname=HOST, port=self.port)
        controller.start()
        try:
            yield
        finally:
            controller.stop()

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802 - the library's name
        """Wait, and accept the mail."""
        await asyncio.sleep(self.seconds)
        return "250 OK"


class HangingSite:
    """A web site on this machine with a picture at every address, shown after `seconds`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        self.host = f"{HOST}:{self._server.server_port}"
        """As IMAGE_ALLOWED_HOSTS has to name it: pictures are else not fetched from a private address."""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Show pictures inside the block."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def load_posts(self, step: int, number: int) -> list[str]:
        """Load so many posts with pictures of this site into a running step. Return their ids."""
        made = [_submission(each, f"http://{self.host}/{each}.png") for each in range(number)]
        file = state.folder() / "pictured.ndjson"
        file.write_text("".join(f"{json.dumps(each)}\n" for each in made), encoding="utf-8")
        run_workshop("load", step, "--file", str(file))
        return [f"t3_{each['id']}" for each in made]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                time.sleep(site.seconds)
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", str(len(PNG)))
                self.end_headers()
                self.wfile.write(PNG)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@dataclass(frozen=True)
class Outside:
    """What a step depends on that is not its own."""

    mail: HangingMail
    site: HangingSite

    def env(self) -> dict[str, str]:
        """Return the settings by which a step uses both, and sends as much mail as it is asked to."""
        return {
            "SMTP_HOST": HOST,
            "SMTP_PORT": str(self.mail.port),
            "IMAGE_ALLOWED_HOSTS": self.site.host,
            "SHARES_PER_MINUTE": "1000000",
        }


@contextmanager
def outside() -> Iterator[Outside]:
    """Let both listen inside the block. They do not hang yet."""
    made = Outside(HangingMail(), HangingSite())
    with made.mail.listening(), made.site.listening():
        yield made


def pictures_of(posts: Sequence[str]) -> list[str]:
    """Return the paths of the pictures of posts."""
    return [f"/images/{each}" for each in posts]


def _submission(number: int, picture: str) -> dict[str, Any]:
    return {
        "id": f"probe{number:05}",
        "title": f"A picture, number {number}",
        "selftext": "",
        "author": "probe",
        "subreddit": "pictures",
        "url": picture,
        "permalink": f"/r/pictures/comments/probe{number:05}/",
        "thumbnail": picture,
        "created_utc": PICTURED_SINCE + number,
        "score": 1,
        "ups": 1,
        "downs": 0,
        "num_comments": 0,
        "over_18": False,
    }
