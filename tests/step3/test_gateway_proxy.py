"""Which requests, headers and responses the gateway forwards."""

import pytest
from aiohttp import web

from tests.step3.backends import SECRET, Stage, nats, settings, stage
from tests.step3.nats_helpers import asynchronous

__all__ = ["nats", "settings", "stage"]


@asynchronous
async def test_a_page_comes_from_web_and_the_api_from_services(stage: Stage) -> None:
    for name in ("web", "list", "tag", "like", "hide", "share", "members", "search", "recommend"):
        await stage.add(name)
    for name in ("tagged", "images", "capture"):
        await stage.add(name)
    by = {each.name: each.service for each in stage.backends}
    for path, service in {
        "/": "web",
        "/posts/t3_1": "web",
        "/anything?q=1": "web",
        "/api/posts": "list",
        "/api/posts/t3_1": "list",
        "/api/search?q=a": "search",
        "/api/recommended": "recommend",
        "/api/topics": "recommend",
        "/api/tags": "tagged",
        "/api/tags/a": "tagged",
        "/api/marks": "tagged",
        "/api/images/t3_1": "images",
        "/api/members/me": "members",
        "/api/tokens/current": "members",
        "/api/.well-known/jwks.json": "members",
    }.items():
        body = await stage.json(path)
        assert (by[body["by"]], body["path"]) == (service, path.removeprefix("/api"))
    for path, service in (("tags/a", "tag"), ("like", "like"), ("hide", "hide")):
        for method in ("PUT", "DELETE"):
            response = await stage.request(method, f"/api/posts/t3_1/{path}")
            assert by[(await response.json())["by"]] == service
    response = await stage.request("POST", "/api/posts/t3_1/share", json={"to": "a"})
    body = await response.json()
    assert by[body["by"]] == "share"
    assert body["body"] == '{"to": "a"}'
    for path in ("/api", "/api/", "/api/nothing", "/api/posts/a/b/c", "/api/tags/a/b"):
        assert (await stage.get(path)).status == 404


@asynchronous
async def test_clients_cannot_set_headers_that_the_gateway_sets(stage: Stage) -> None:
    await stage.add("web")
    await stage.add("list")
    sent = {
        "X_Forwarded_For": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
        "X_Forwarded_Host": "evil",
        "X_Face_Secret": "guessed",
        "Connection": "keep-alive, X-Hop",
        "X_Hop": "1",
        "TE": "trailers",
        "Prefer": "wait=1",
        "X_Other": "kept",
        "Accept_Encoding": "gzip",
        "Host": "face.example",
    }
    headers = (await stage.json("/", **sent))["headers"]
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-face-secret"] == SECRET
    assert headers["host"] == "face.example"
    assert headers["x-other"] == "kept"
    gone = {"forwarded", "x-forwarded-host", "x-hop", "te", "prefer", "accept-encoding"}
    assert gone.isdisjoint(headers)
    headers = (await stage.json("/api/posts", **sent))["headers"]
    assert {"x-face-secret", "x-forwarded-for"}.isdisjoint(headers)


@asynchronous
async def test_ids_traces_and_deadlines_are_forwarded(stage: Stage) -> None:
    await stage.add("web")
    context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    response = await stage.get("/", X_Request_ID="mine", traceparent=context)
    headers = (await response.json())["headers"]
    assert response.headers["X-Request-ID"] == headers["x-request-id"] == "mine"
    assert headers["traceparent"] == context
    assert 5000 < int(headers["deadline-ms"]) <= 10_000
    response = await stage.get("/", X_Request_ID="not a sound one", traceparent="00-0-0-0")
    headers = (await response.json())["headers"]
    assert len(headers["x-request-id"]) == 32
    assert response.headers["X-Request-ID"] == headers["x-request-id"]
    version, trace, span, _ = headers["traceparent"].split("-")
    assert (version, len(trace), len(span)) == ("00", 32, 16)
    assert 5000 < int(headers["deadline-ms"]) <= 10_000


@asynchronous
async def test_responses_are_returned_unchanged(stage: Stage) -> None:
    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/chunks":
            made = web.StreamResponse(headers={"X-A": "b"})
            await made.prepare(request)
            for _ in range(3):
                await made.write(b"part ")
            return made
        if request.path == "/whole":
            return web.Response(text="whole")
        if request.path == "/none":
            return web.Response(status=204)
        response = web.Response(status=303, headers={"Location": "/next", "Command": "like:1:a:b"})
        response.headers.add("Set-Cookie", "a=1")
        response.headers.add("Set-Cookie", "b=2")
        response.headers["Depends-On"] = "list.posts"
        return response

    await stage.add("web", handler=respond)
    got = await stage.get("/chunks")
    assert (await got.text(), got.headers["Content-Length"], got.headers["X-A"]) == (
        "part part part ",
        "15",
        "b",
    )
    got = await stage.request("HEAD", "/whole")
    assert (got.status, got.headers["Content-Length"], await got.text()) == (200, "5", "")
    got = await stage.get("/none")
    assert (got.status, await got.text(), got.headers.get("Content-Length")) == (204, "", None)
    for method in ("GET", "POST"):
        got = await stage.request(method, "/away")
        assert (got.status, got.headers["Location"]) == (303, "/next")
        assert got.headers.getall("Set-Cookie") == ["a=1", "b=2"]
        assert {"Command", "Depends-On"}.isdisjoint(got.headers)
        assert got.headers.getall("Date") and "Server" not in got.headers


@asynchronous
async def test_bodies_of_64_kibibytes_are_forwarded_and_larger_ones_refused(stage: Stage) -> None:
    async def pieces(size: int) -> object:
        for _ in range(0, size, 1024):
            yield b"x" * 1024
        yield b"x" * (size % 1024)

    web_ = await stage.add("web")
    for size in (0, 1, 65_536):
        response = await stage.request("POST", "/a", data=b"x" * size)
        assert len((await response.json())["body"]) == size
    response = await stage.request("POST", "/a", data=pieces(65_536))
    assert len((await response.json())["body"]) == 65_536
    known = len(web_.requests)
    for data in (b"x" * 65_537, b"x" * 900_000, pieces(65_537), pieces(300_000)):
        response = await stage.request("POST", "/a", data=data)
        body = await response.json()
        assert (response.status, body["_error"]["code"]) == (413, 413)
    assert len(web_.requests) == known


@asynchronous
async def test_too_large_response_is_not_forwarded(stage: Stage) -> None:
    async def respond(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * int(request.query["size"]))

    await stage.add("web", handler=respond)
    limit = 4 * 1024 * 1024
    assert len(await (await stage.get(f"/a?size={limit}")).text()) == limit
    assert (await stage.get(f"/a?size={limit + 1}")).status == 503


@pytest.mark.parametrize("target", ["@127.0.0.2:1/", "http:/127.0.0.2/", "*", ".evil.example/", "0/"])
@asynchronous
async def test_target_cannot_lead_to_another_server(stage: Stage, target: str) -> None:
    web_ = await stage.add("web")
    reader, writer = await stage.connect()
    writer.write(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert (await reader.readline()).split()[1] == b"400"
    writer.close()
    assert web_.requests == []


@asynchronous
async def test_errors_are_json_or_a_page(stage: Stage) -> None:
    response = await stage.get("/")
    body = await response.json()
    assert (response.status, body["_status"], body["_error"]["code"]) == (503, "ERR", 503)
    assert 1 <= int(response.headers["Retry-After"]) <= 2
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    page = await stage.get("/<script>", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert page.status == 503
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<h1>Service Unavailable</h1>" in await page.text()
    response = await stage.request("BREW", "/")
    assert (response.status, "GET" in response.headers["Allow"]) == (405, True)
