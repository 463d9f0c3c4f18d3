"""The gateway as a process: its sockets, its end, and its replacement."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientSession, web

from step3_async.rapids.connect import connect
from step3_async.rapids.messages import PROBE
from tests.step3.backends import EXPECTED, HOST, Backend, nats, settings
from tests.step3.nats_helpers import asynchronous, until
from tests.step3.nats_server import NatsServer
from workshop.ports import free_port

__all__ = ["nats", "settings"]

ROOT = Path(__file__).resolve().parents[2]
END_SECONDS = 60
STARTED: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """End the gateways of a test, however it ends."""
    yield
    while STARTED:
        with STARTED.pop() as process:
            process.kill()


def start(listening: socket.socket | None = None, **settings: str) -> subprocess.Popen[bytes]:
    """Start a gateway with the environment's settings."""
    environment = {**os.environ, **settings}
    held = () if listening is None else (listening.fileno(),)
    if listening is not None:
        environment["LISTEN_FD"] = str(listening.fileno())
    command = [sys.executable, "-m", "step3_async.gateway"]
    STARTED.append(
        subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=held, stderr=subprocess.PIPE)
    )
    return STARTED[-1]


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait until it ends, and return its exit code."""
    return await asyncio.wait_for(asyncio.to_thread(process.wait), END_SECONDS)


async def responds(client: ClientSession, url: str) -> bool:
    """Return whether the gateway responds with 200."""
    try:
        async with client.get(url) as response:
            return response.status == 200
    except OSError:
        return False


async def refuses(client: ClientSession, url: str) -> bool:
    """Return whether connections are refused."""
    try:
        async with client.get(url, headers={"Connection": "close"}):
            return False
    except ClientConnectorError:
        return True


@asynccontextmanager
async def all_backends(nats: NatsServer, gate: asyncio.Event | None = None) -> AsyncIterator[Backend]:
    """Yield a backend of each service that a gateway waits for; pages wait for `gate`."""

    async def page(_request: web.Request) -> web.StreamResponse:
        if gate:
            await gate.wait()
        return web.Response(text="page")

    transports, backends = [], []
    for name in EXPECTED:
        transports.append(await connect(name, url=nats.url()))
        backends.append(Backend(transports[-1], name, **({"handler": page} if name == "web" else {})))
        await backends[-1].start()
    try:
        yield next(each for each in backends if each.service == "web")
    finally:
        for each in backends:
            await each.leave()
        for transport in transports:
            await transport.close()


@asynchronous
async def test_gateway_finishes_requests_before_it_ends(nats: NatsServer, settings: dict[str, str]) -> None:
    face, own = (f"http://{HOST}:{settings[name]}" for name in ("STEP3_PORT", "PORT"))
    gateway, gate = start(), asyncio.Event()
    async with all_backends(nats, gate) as page, ClientSession() as client:
        await until(lambda: responds(client, f"{own}/health/ready"), 60)
        await until(lambda: responds(client, f"{face}/health/ready"))
        registry = await (await client.get(f"{face}/registry")).json()
        row = next(each for each in registry["instances"] if each["service"] == "gateway")
        assert (row["pid"], row["url"]) == (gateway.pid, own)
        requesting = asyncio.create_task(client.get(f"{face}/"))
        await until(lambda: page.requests)
        gateway.send_signal(signal.SIGTERM)
        await until(lambda: refuses(client, f"{own}/health/live"))
        gate.set()
        response = await requesting
        assert (response.status, await response.text()) == (200, "page")
        assert response.headers["Connection"] == "close"
        assert await ended(gateway) == 0
        assert gateway.stderr
        assert b"Traceback" not in gateway.stderr.read()


@asynchronous
@pytest.mark.drill
async def test_gateways_share_a_socket_and_are_replaced_unnoticed(
    nats: NatsServer, settings: dict[str, str]
) -> None:
    """With new and kept connections, while one gateway after another is stopped."""
    with socket.create_server((HOST, int(settings["STEP3_PORT"]))) as listening:
        listening.set_inheritable(True)
        url = f"http://{HOST}:{settings['STEP3_PORT']}/"
        failures: list[str] = []
        responses = 0
        go_on = True

        async def keep_requesting(client: ClientSession, headers: dict[str, str]) -> None:
            nonlocal responses
            while go_on:
                try:
                    async with client.get(url, headers=headers) as response:
                        responses += 1
                        if response.status != 200:
                            failures.append(f"{response.status}")
                except OSError as error:
                    failures.append(repr(error))
                await asyncio.sleep(0.002)

        async with all_backends(nats), ClientSession() as client:
            ports = [free_port() for _ in range(3)]
            running = [start(listening, PORT=str(port), INSTANCE=f"gateway-{port}") for port in ports[:2]]
            for port in ports[:2]:
                await until(lambda port=port: responds(client, f"http://{HOST}:{port}/health/ready"), 60)
            requesting = [
                asyncio.create_task(keep_requesting(client, headers))
                for headers in ({}, {"Connection": "close"}, {}, {"Connection": "close"})
            ]
            running[0].send_signal(signal.SIGTERM)
            assert await ended(running[0]) == 0
            running.append(start(listening, PORT=str(ports[2]), INSTANCE=f"gateway-{ports[2]}"))
            await until(lambda: responds(client, f"http://{HOST}:{ports[2]}/health/ready"), 60)
            running[1].send_signal(signal.SIGTERM)
            assert await ended(running[1]) == 0
            enough = responses + 50
            await until(lambda: responses > enough)
            go_on = False
            await asyncio.gather(*requesting)
            running[2].send_signal(signal.SIGTERM)
            assert await ended(running[2]) == 0
        assert failures == []
        assert responses > 100
        for each in running:
            assert each.stderr
            each.stderr.close()


@asynchronous
async def test_new_gateway_accepts_no_request_before_it_knows_the_needed_services(
    nats: NatsServer, settings: dict[str, str]
) -> None:
    """It would refuse earlier requests, although another gateway could respond to them."""
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(socket.create_server((HOST, int(settings["STEP3_PORT"]))))
        listening.set_inheritable(True)
        client = await stack.enter_async_context(ClientSession())
        subscriber = await connect("subscriber", url=nats.url())
        stack.push_async_callback(subscriber.close)
        probed = asyncio.Event()

        async def on_probe(_topic: str, _text: bytes) -> None:
            probed.set()

        await subscriber.subscribe(PROBE, on_probe)
        requesting = asyncio.create_task(client.get(f"http://{HOST}:{settings['STEP3_PORT']}/"))
        gateway = start(listening)
        await probed.wait()
        await asyncio.sleep(0.5)  # long enough for one that does not wait to take the request
        await stack.enter_async_context(all_backends(nats))
        assert (await requesting).status == 200
        gateway.send_signal(signal.SIGTERM)
        assert await ended(gateway) == 0


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("GATEWAY_SECRET", "", "Set GATEWAY_SECRET to a long random text; `make run` does so."),
        ("REQUEST_SECONDS", "soon", "REQUEST_SECONDS is 'soon': "),
        ("CACHE_MAX_BYTES", "-1", "CACHE_MAX_BYTES is '-1': "),
        ("PORT", "99999", "PORT is '99999': "),
        ("TRUSTED_PROXIES", "nowhere", "TRUSTED_PROXIES takes addresses"),
    ],
)
@asynchronous
async def test_a_bad_setting_is_reported_in_one_line(
    nats: NatsServer, settings: dict[str, str], name: str, value: str, line: str
) -> None:
    gateway = start(**{name: value})
    assert await ended(gateway) == 1
    assert gateway.stderr
    (line_printed,) = gateway.stderr.read().decode().splitlines()
    assert line_printed.startswith(f"The gateway cannot run: {line}")


@asynchronous
async def test_a_taken_port_and_a_missing_secret_are_reported(
    nats: NatsServer, settings: dict[str, str]
) -> None:
    with socket.create_server((HOST, int(settings["STEP3_PORT"]))):
        gateway = start()
        assert await ended(gateway) != 0
        assert gateway.stderr
        assert b"Address already in use" in gateway.stderr.read()
    gateway = start(GATEWAY_SECRET="")
    assert await ended(gateway) != 0
    assert gateway.stderr
    assert b"Set GATEWAY_SECRET" in gateway.stderr.read()
