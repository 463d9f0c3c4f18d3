"""Another web site, with pictures and files that only look like pictures."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tests.support.pictures import MEBIBYTE, MEDIA_TYPES, noise, picture

PNG = MEDIA_TYPES["png"]
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
PAGE = b"<!doctype html><title>Not found</title><p>There is no picture here, but its name ends so.</p>"
DRIP_SECONDS = 0.25
LARGEST = 2 * MEBIBYTE


class ImageSite:
    """A web server on a free port of 127.0.0.1 (or on `port`), as a context manager.

    Any path such as /a.png, .jpg, .jpeg, .gif or .webp is a picture of that format, but for the special ones
    in `_Handler.SPECIAL`. `/redirect?to=URL` leads there, `/hops/3.png` to a picture by three redirects.
    """

    def __init__(self, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def hits(self, path: str) -> int:
        """Return how often a path with its query was requested."""
        return self._server.hits[path]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.hits: Counter[str] = Counter()
        self.stopping = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.hits[self.path] += 1
        parts = urlsplit(self.path)
        ending = parts.path.rpartition(".")[2]
        try:
            if special := self.SPECIAL.get(parts.path):
                special(self)
            elif parts.path == "/redirect":
                self._redirect(parse_qs(parts.query)["to"][0])
            elif parts.path.startswith("/hops/"):
                self._hop(int(parts.path.removeprefix("/hops/").removesuffix(".png")))
            elif ending in MEDIA_TYPES:
                self._send(picture(ending), MEDIA_TYPES[ending])
            else:
                self.send_error(404)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Log nothing: the counts are enough."""

    def _send(self, content: bytes, media_type: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _hop(self, left: int) -> None:
        if left:
            self._redirect(f"/hops/{left - 1}.png")
        else:
            self._send(picture("png"), PNG)

    def _without_length(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", PNG)
        self.end_headers()
        self.wfile.write(noise(3 * MEBIBYTE))

    def _drip(self) -> None:
        """Send a byte from time to time, without an end."""
        self.send_response(200)
        self.send_header("Content-Type", PNG)
        self.end_headers()
        self.wfile.write(picture("png")[:8])
        while not self.server.stopping.wait(DRIP_SECONDS):
            self.wfile.write(b"\0")

    def _hang(self) -> None:
        self.server.stopping.wait(60)

    SPECIAL = {  # noqa: RUF012 - never changed
        "/broken.png": lambda it: it._send(b"This is not a picture.", PNG),
        "/page.png": lambda it: it._send(PAGE, "text/html"),
        "/cut.png": lambda it: it._send(picture("png")[:60], PNG),
        "/empty.png": lambda it: it._send(b"", PNG),
        "/drawing.svg": lambda it: it._send(DRAWING, "image/svg+xml"),
        "/drawing.png": lambda it: it._send(DRAWING, PNG),
        "/mislabelled.png": lambda it: it._send(picture("gif"), "text/html; charset=utf-8"),
        "/gone.png": lambda it: it._send(PAGE, "text/html", 404),
        "/gone-picture.png": lambda it: it._send(picture("png"), PNG, 404),
        "/large.png": lambda it: it._send(noise(3 * MEBIBYTE), PNG),
        "/large-unannounced.png": _without_length,
        "/largest.png": lambda it: it._send(noise(LARGEST), PNG),
        "/too-large.png": lambda it: it._send(noise(LARGEST + 1), PNG),
        "/loop.png": lambda it: it._redirect("/loop.png"),
        "/slow.png": _drip,
        "/silent.png": _hang,
    }
