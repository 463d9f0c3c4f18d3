"""A server that responds to PRAW as Reddit does, with tokens and listings, and with Reddit's faults.

Formats: https://github.com/reddit-archive/reddit/wiki/OAuth2 and https://www.reddit.com/dev/api/ (listings).
"""

import json
import threading
from base64 import b64decode
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

CLIENT_ID = "client-of-the-tests"
CLIENT_SECRET = "secret-of-the-tests"
PAGE = 100
MOST = 1000


@dataclass
class Fault:
    """A response instead of the next listing; status 0 cuts the connection."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass
class ReceivedRequest:
    """A request that was received, and when (monotonic seconds)."""

    path: str
    query: dict[str, str]
    status: int
    at: float


class RedditServer:
    """A server, as a context manager. `subreddits` has submissions by name, newest first, or a refusal."""

    def __init__(self) -> None:
        self.subreddits: dict[str, list[dict[str, Any]] | Fault] = {}
        self.faults: deque[Fault] = deque()
        """Faults of the next listings, one each."""
        self.token_faults: deque[Fault] = deque()
        self.headers: dict[str, str] = {}
        """Headers of every listing."""
        self.requests: list[ReceivedRequest] = []
        self.agents: set[str] = set()
        self.tokens = 0
        """How many tokens were given; the last one is valid."""
        self.expire_after: int | None = None
        """For how many listings the next token is valid."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"reddit": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def praw_ini(self) -> str:
        """Return a configuration that leads PRAW to this server."""
        return f"[DEFAULT]\noauth_url={self.url}\nreddit_url={self.url}\n"

    @property
    def listings(self) -> list[ReceivedRequest]:
        """Return the requests for listings."""
        return [requested for requested in self.requests if requested.path.startswith("/r/")]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    reddit: RedditServer

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        if urlsplit(self.path).path != "/api/v1/access_token":
            return self._respond(404, {"message": "Not Found", "error": 404})
        if self.reddit.token_faults:
            return self._fail(self.reddit.token_faults.popleft())
        kind, _, login = self.headers.get("authorization", "").partition(" ")
        if kind != "Basic" or b64decode(login).decode() != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return self._respond(401, {"message": "Unauthorized", "error": 401})
        if parse_qs(form).get("grant_type") != ["client_credentials"]:
            return self._respond(200, {"error": "unsupported_grant_type"})
        self.reddit.tokens += 1
        token = {"access_token": f"token-{self.reddit.tokens}", "token_type": "bearer"}
        return self._respond(200, token | {"expires_in": 3600, "scope": "*"})

    def do_GET(self) -> None:
        self.reddit.agents.add(self.headers.get("user-agent", ""))
        expiry = self.reddit.expire_after
        if self.headers.get("authorization") != f"bearer token-{self.reddit.tokens}" or expiry == 0:
            self.reddit.expire_after = None
            challenge = 'Bearer realm="reddit", error="invalid_token"'
            return self._respond(
                401, {"message": "Unauthorized", "error": 401}, {"www-authenticate": challenge}
            )
        if expiry is not None:
            self.reddit.expire_after = expiry - 1
        if self.reddit.faults:
            return self._fail(self.reddit.faults.popleft())
        return self._listing()

    def _listing(self) -> None:
        parts = urlsplit(self.path).path.strip("/").split("/")
        found = self.reddit.subreddits.get(parts[1].lower() if len(parts) == 3 and parts[0] == "r" else "")
        if found is None:
            search = f"{self.reddit.url}/subreddits/search.json?q={parts[1] if len(parts) > 1 else ''}"
            return self._respond(302, None, {"location": search})
        if isinstance(found, Fault):
            return self._fail(found)
        if parts[2] == "top":
            found = sorted(found, key=lambda post: -int(post["score"]))
        query = self._query()
        names = [post["name"] for post in found]
        start = names.index(query["after"]) + 1 if "after" in query else 0
        end = min(start + min(int(query.get("limit", 25)), PAGE), MOST)
        after = names[end - 1] if end < min(len(found), MOST) else None
        children = [{"kind": "t3", "data": post} for post in found[start:end]]
        data = {"after": after, "before": None, "dist": len(children), "modhash": "", "children": children}
        return self._respond(200, {"kind": "Listing", "data": data}, self.reddit.headers)

    def _query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def _fail(self, fault: Fault) -> None:
        self._respond(fault.status, fault.body, fault.headers)

    def _respond(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        self.reddit.requests.append(
            ReceivedRequest(urlsplit(self.path).path, self._query(), status, monotonic())
        )
        if not status:
            self.close_connection = True
            return
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json; charset=UTF-8")
        self.send_header("content-length", str(len(data)))
        if (
            self.close_connection
        ):  # PRAW requests it with tokens, and keeps the connection without this header
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(data)
