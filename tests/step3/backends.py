"""A gateway in front of services that the tests control; all are real servers."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
from aiohttp import ClientResponse, ClientSession, TCPConnector, web

from step3_async.gateway.app import Gateway, open_gateway
from step3_async.gateway.ingress.server import Server, bound_socket
from step3_async.gateway.settings import GatewaySettings
from step3_async.rapids.announcer import Announcer
from step3_async.rapids.bus import Bus
from step3_async.rapids.connect import connect
from step3_async.rapids.messages import (
    APPLIED,
    APPLIED_QUERY,
    AnnouncedPath,
    Announcement,
    Applied,
    AppliedQuery,
    AppliedReply,
)
from tests.step3.nats_helpers import until
from tests.step3.nats_server import NatsServer, nats_server
from workshop.ports import free_port

HOST = "127.0.0.1"
SECRET = "secret of the faces"
EXPECTED = (
    *("web", "list", "tag", "like", "hide", "share", "search", "recommend", "tagged", "images", "members"),
    "capture",
)
PAGES = {"below": "", "seconds": 10.0, "trusts_gateway": True}
PATHS: dict[str, dict[str, dict[str, Any]]] = {
    "web": {"/": PAGES, "/login": PAGES, "/{page:path}": PAGES},
    "list": {"/posts": {}, "/posts/{post}": {}},
    "search": {"/search": {}},
    "recommend": {"/recommended": {}, "/topics": {}},
    "tag": {"/posts/{post}/tags/{tag}": {}},
    "like": {"/posts/{post}/like": {}},
    "hide": {"/posts/{post}/hide": {}},
    "share": {"/posts/{post}/share": {}, "/counts": {"part": True}},
    "tagged": {
        **{path: {} for path in ("/tags", "/tags/{tag}", "/likes", "/hidden", "/marks")},
        "/counts": {"part": True},
    },
    "images": {"/images/{post}": {"seconds": 9.0}},
    "members": {
        "/me": {"composition": "counts"},
        "/members/{name}": {"seconds": 6.0},
        "/tokens/current": {"trusts_gateway": True},
        "/.well-known/jwks.json": {},
    },
}
"""The paths that services announce, by service."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A nats-server for one test file."""
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def settings(
    tmp_path: Path, nats: NatsServer, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> dict[str, str]:
    """Set the environment of the gateway in this process, with the test's `settings` markers."""
    made = {
        "GATEWAY_SECRET": "secret of the gateways",
        "FACE_SECRET": SECRET,
        "SERVICES_FILE": str(tmp_path / "services.json"),
        "NATS_URL": nats.url(),
        "STEP3_PORT": str(free_port()),
        "PORT": str(free_port()),
        "LOG_LEVEL": "ERROR",
        "EXPECTED_SERVICES": ", ".join(EXPECTED),
        "NEEDED_SERVICES": "web, list",
    }
    for marker in reversed([*request.node.iter_markers("settings")]):
        made |= marker.kwargs
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def stage(nats: NatsServer, settings: dict[str, str]) -> "Iterator[Stage]":
    """A gateway that has been started, and what a test needs to put services behind it.

    Marks such as `@pytest.mark.settings(REQUEST_SECONDS="2")` change how it is started.
    """
    with asyncio.Runner() as runner:
        opened = staged(nats, settings, runner)
        yield runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


class Backend:
    """An instance of a service. `handler` responds, by default with the request as JSON."""

    def __init__(self, transport: Bus, service: str, version: str = "v1", **announced: Any) -> None:
        self.service, self.version = service, version
        self.name = announced.pop("name", f"{service}-{os.urandom(3).hex()}")
        self.port = announced.pop("port", None) or free_port()
        self.handler: Handler = announced.pop("handler", self._echo)
        self.state: Any = "up"
        paths = [AnnouncedPath(template=path, **more) for path, more in PATHS.get(service, {}).items()]
        self.announced = {"tags": [f"verb:{service}"], "subscriptions": [], "paths": paths, **announced}
        self.requests: list[web.Request] = []
        self.cancelled = 0
        self.replies: dict[str, AppliedReply] = {}
        self.transport = transport
        self._announcer = Announcer(transport, self._described)
        self._runner: web.AppRunner | None = None

    async def start(self) -> Self:
        """Serve, and announce the instance to the registry."""
        await self.serve()
        await self._announcer.start()
        return self

    async def serve(self) -> None:
        """Serve without an announcement."""
        app = web.Application(client_max_size=1024**2)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port).start()

    async def die(self) -> None:
        """Stop serving without an announcement."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def stop_announcing(self) -> None:
        """Stop announcing, but continue to serve."""
        if self._announcer._task:
            self._announcer._task.cancel()

    async def leave(self) -> None:
        """Announce the end to the registry, and stop."""
        await self._announcer.leave()
        await self.die()

    async def publish_applied(self, domain: str, *documents: tuple[str, int]) -> None:
        """Publish that these changes are shown."""
        applied = Applied(service=self.service, domain=domain, documents=list(documents))
        await self.transport.publish(f"{APPLIED}.{self.service}", applied.model_dump_json().encode())

    async def reply_to_queries(self) -> None:
        """Reply to queries for changes, with `replies` by key."""

        async def respond(text: bytes) -> bytes:
            query = AppliedQuery.model_validate_json(text)
            return (
                self.replies.get(query.key, AppliedReply(revision=None, dead_lettered=False))
                .model_dump_json()
                .encode()
            )

        await self.transport.reply(f"{APPLIED_QUERY}.{self.service}", respond)

    def _described(self) -> Announcement:
        return Announcement(
            service=self.service,
            version=self.version,
            instance=self.name,
            url=f"http://{HOST}:{self.port}",
            state=self.state,
            pid=os.getpid(),
            **self.announced,
        )

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        await request.read()
        try:
            return await self.handler(request)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def _echo(self, request: web.Request) -> web.StreamResponse:
        echo = {
            "by": self.name,
            "method": request.method,
            "path": request.raw_path,
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": (await request.read()).decode(),
        }
        return web.json_response(echo, headers={"Served-By": f"{self.name} {self.version}"})


@dataclass
class Stage:
    """A gateway at `url`, its instance's own port at `own`, and a client; all in the loop of `runner`."""

    nats: NatsServer
    runner: asyncio.Runner
    port: int
    url: str
    own: str
    gateway: Gateway
    server: Server
    client: ClientSession
    stack: AsyncExitStack
    endpoints_file: Path
    backends: list[Backend] = field(default_factory=list)

    async def add(self, service: str, version: str = "v1", wait: bool = True, **announced: Any) -> Backend:
        """Add a backend, and wait until the gateway knows it."""
        transport = await connect(service, url=self.nats.url())
        self.stack.push_async_callback(transport.close)
        backend = await Backend(transport, service, version, **announced).start()
        self.stack.push_async_callback(backend.leave)
        self.backends.append(backend)
        if wait:
            await until(lambda: self.knows(backend))
        return backend

    async def add_all(self) -> None:
        """Add a backend of each expected service that has none."""
        missing = [name for name in EXPECTED if not self.gateway.registry.up(name)]
        added = [await self.add(name, wait=False) for name in missing]
        await until(lambda: all(self.knows(each) for each in added))

    def knows(self, backend: Backend) -> bool:
        """Return whether the gateway regards it as up."""
        return any(
            each.announced.instance == backend.name for each in self.gateway.registry.up(backend.service)
        )

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection to the gateway."""
        return await asyncio.open_connection(HOST, self.port)

    async def request(self, method: str, path: str, **options: Any) -> ClientResponse:
        """Send a request, and return the response with its body."""
        async with self.client.request(method, self.url + path, allow_redirects=False, **options) as response:
            await response.read()
            return response

    async def get(self, path: str, **headers: str) -> ClientResponse:
        """Return the response to a GET; `_` in names of headers stands for `-`."""
        return await self.request("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})

    async def json(self, path: str, **headers: str) -> Any:
        """Return the JSON of a response with 200."""
        response = await self.get(path, **headers)
        assert response.status == 200, (response.status, await response.text())
        return await response.json()

    def shares(self, **services: dict[str, int]) -> None:
        """Write the services file: shares by version, by service."""
        known = {
            name: {version: {"share": share, "urls": []} for version, share in each.items()}
            for name, each in services.items()
        }
        fresh = self.endpoints_file.with_suffix(".new")
        fresh.write_text(json.dumps(known))
        fresh.replace(self.endpoints_file)


@asynccontextmanager
async def staged(nats: NatsServer, settings: dict[str, str], runner: asyncio.Runner) -> AsyncIterator[Stage]:
    """Yield a gateway in this process, with the environment's settings."""
    async with AsyncExitStack() as stack:
        transport = await connect("gateway", url=nats.url())
        stack.push_async_callback(transport.close)
        read = GatewaySettings.read()
        gateway = await stack.enter_async_context(open_gateway(transport, read))
        face, own = read.step3_port, read.port
        server = Server(gateway, read, lambda: asyncio.sleep(0))
        serving = asyncio.create_task(server.serve([bound_socket(HOST, face), bound_socket(HOST, own)]))
        client = await stack.enter_async_context(ClientSession(connector=TCPConnector(limit=0)))
        await until(lambda: server.started)
        urls = (f"http://{HOST}:{face}", f"http://{HOST}:{own}")
        try:
            file = Path(settings["SERVICES_FILE"])
            yield Stage(nats, runner, face, *urls, gateway, server, client, stack, file)
        finally:
            await client.close()
            server.should_exit = True
            await serving


async def refuse(_request: web.Request) -> web.StreamResponse:
    """Respond with 500."""
    return web.json_response({"_status": "ERR", "_error": {"code": 500, "message": "no"}}, status=500)


async def hang(_request: web.Request) -> web.StreamResponse:
    """Respond too late for every test."""
    await asyncio.sleep(60)
    return web.Response()


async def cut_off(request: web.Request) -> web.StreamResponse:
    """Close the connection without a response."""
    assert request.transport
    request.transport.abort()
    await asyncio.sleep(0)
    return web.Response()
