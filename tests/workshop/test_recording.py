"""The record of what a program requests of an API, over a real HTTP server."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from workshop import local_http
from workshop.learn.observing.recording import recorded


@pytest.fixture
def files(tmp_path: Path) -> Iterator[str]:
    """The address of a server that has one file."""
    (tmp_path / "posts").write_bytes(b'{"_items": []}')
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_requests_are_passed_on_and_recorded(files: str) -> None:
    with recorded(files) as recorder:
        found = local_http.request(f"{recorder.url}/posts?page=2", timeout=30)
        missing = local_http.request(f"{recorder.url}/nothing", timeout=30)
    assert (found.status_code, found.json()) == (200, {"_items": []})
    assert found.headers["Last-Modified"]
    assert missing.status_code == 404
    assert [(each.path, each.response.status_code) for each in recorder.exchanges] == [
        ("/posts?page=2", 200),
        ("/nothing", 404),
    ]
