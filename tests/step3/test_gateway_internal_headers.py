"""Clients can neither send nor see the headers that our services exchange."""

import pytest
from aiohttp import web

from tests.step3.backends import SECRET, Stage, nats, settings, stage
from tests.step3.nats_helpers import asynchronous

__all__ = ["nats", "settings", "stage"]

GUESSES = ({}, {"X_Face_Secret": "guessed"}, {"X_Face_Secret": SECRET})
OURS = {
    "Deadline_Ms": "1",
    "Command": "like:9:me:t3_1",
    "Depends_On": "list.posts",
    "Gaps": "tagged",
    "Served_By": "me v1",
    "X_Forwarded_For": "6.6.6.6",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Prefix": "/x",
    "X_Real_IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6;proto=https",
}


async def known(_request: web.Request) -> web.StreamResponse:
    """Respond as views and the face do."""
    return web.json_response({}, headers={"Depends-On": "list.posts", "Command": "like:1:me:t3_1"})


@pytest.mark.parametrize("guess", GUESSES, ids=len)
@pytest.mark.parametrize("path", ["/", "/api/posts", "/api/tokens/current"])
@asynchronous
async def test_internal_headers_of_other_clients_are_dropped(
    stage: Stage, path: str, guess: dict[str, str]
) -> None:
    for name in ("web", "list", "members"):
        await stage.add(name)
    headers = (await stage.json(path, **OURS, **guess))["headers"]
    ours = {name.lower().replace("_", "-") for name in OURS} - {"deadline-ms"}
    found = ours & set(headers)
    if path == "/api/posts":
        assert not found | {"x-face-secret"} & set(headers)
    else:
        assert found == {"x-forwarded-for", "x-forwarded-proto"}
        assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
        assert headers["x-face-secret"] == SECRET
    assert int(headers["deadline-ms"]) > 1


@pytest.mark.parametrize("path", ["/", "/api/posts"])
@asynchronous
async def test_other_clients_get_no_internal_headers(stage: Stage, path: str) -> None:
    await stage.add("web", handler=known)
    await stage.add("list", handler=known)
    for method in ("GET", "HEAD", "PUT"):
        for more in ({}, {"X-Face-Secret": "guessed"}, {"X-Face-Secret": SECRET}):
            response = await stage.request(method, path, headers={**more, "Cookie": "a=b"})
            assert {"Command", "Depends-On"}.isdisjoint(response.headers)


@asynchronous
async def test_internal_headers_do_not_keep_a_request_from_the_cache(stage: Stage) -> None:
    list_ = await stage.add("list", handler=known)
    for headers in ({}, {"Gaps": "tagged"}, {"Deadline_Ms": "1"}, {"Authorization": "Basic dTpw"}):
        await stage.get("/api/posts", **headers)
    assert len(list_.requests) == 1
    await stage.get("/api/posts", Authorization="Bearer a")
    assert len(list_.requests) == 2


@asynchronous
async def test_several_accept_headers_are_one_list(stage: Stage) -> None:
    list_ = await stage.add("list", handler=known)
    for lines in (("text/html", "application/json"), ("application/json",), ("text/html", "*/*")):
        await stage.request("GET", "/api/posts", headers=[("Accept", each) for each in lines])
    assert [each.headers.getall("Accept") for each in list_.requests] == [
        *(["text/html", "application/json"], ["application/json"], ["text/html", "*/*"]),
    ]


@pytest.mark.parametrize(
    ("client", "scheme"),
    [
        pytest.param("127.0.0.1", "http", marks=pytest.mark.settings(TRUSTED_PROXIES="")),
        pytest.param("203.0.113.7", "https", marks=pytest.mark.settings(TRUSTED_PROXIES="127.0.0.0/8")),
    ],
)
@asynchronous
async def test_forwarded_headers_of_a_trusted_proxy_are_used(stage: Stage, client: str, scheme: str) -> None:
    await stage.add("web")
    forwarded = {"X_Forwarded_For": "6.6.6.6, 203.0.113.7", "X_Forwarded_Proto": "https"}
    headers = (await stage.json("/", **forwarded, Authorization="Basic dTpw"))["headers"]
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == (client, scheme)
    assert "authorization" not in headers


@asynchronous
async def test_absolute_target_is_used_as_a_path_only(stage: Stage) -> None:
    web_ = await stage.add("web")
    for target, path in (("http://127.0.0.2:1/a?b=c", "/a?b=c"), ("https://127.0.0.2", "/")):
        reader, writer = await stage.connect()
        writer.write(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        assert (await reader.readline()).split()[1] == b"200"
        writer.close()
        assert web_.requests[-1].raw_path == path
