"""Stands between a program and an API, and records what the program requests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from workshop import local_http

OF_A_CONNECTION = {"connection", "content-encoding", "content-length", "date", "server", "transfer-encoding"}
"""Headers of a response that belong to the connection, and are not passed on."""

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Exchange:
    """A GET request that went through, and the response to it."""

    path: str
    response: requests.Response


class Recorder:
    """Listens at `url`, and keeps the exchanges."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.exchanges: list[Exchange] = []


@contextmanager
def recorded(api: str) -> Iterator[Recorder]:
    """Pass GET requests on to the API at the address `api` inside the block. Yield their record."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            response = local_http.request(api + self.path, headers=headers, timeout=TIMEOUT_SECONDS)
            recorder.exchanges.append(Exchange(self.path, response))
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                if name.lower() not in OF_A_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        def log_message(self, *_: object) -> None:
            """Log nothing: standard error is the check's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    recorder = Recorder(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
