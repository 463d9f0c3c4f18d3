"""Who is inside: the web face, which knows the secret. What anybody else says in our words is not heard."""

import asyncio

import pytest
from aiohttp import web

from tests.step3.backends import INSIDE, PROVED, SECRET, Stage, hang, nats, settings, stage
from tests.step3.nats_helpers import asynchronous, until

__all__ = ["nats", "settings", "stage"]

GUESSES = ({}, {"X_Face_Secret": "guessed"}, {"X_Face_Secret": f"{SECRET}, {SECRET}"})
OURS = {
    "Command-Wait": "later",
    "Deadline_Ms": "1",
    "Command": "like:9:me:t3_1",
    "Depends_On": "list.posts",
    "Gaps": "tagged",
    "Served_By": "me v1",
    "Own_Marks": "{}",
    "X_Forwarded_For": "6.6.6.6",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Prefix": "/x",
    "X_Real_IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6;proto=https",
}


async def known(_request: web.Request) -> web.StreamResponse:
    """An answer as views and the face give it."""
    return web.json_response({}, headers={"Depends-On": "list.posts", "Command": "like:1:me:t3_1"})


@pytest.mark.parametrize("guess", GUESSES, ids=len)
@pytest.mark.parametrize("path", ["/", "/api/posts", "/api/tokens/current"])
@asynchronous
async def test_internal_headers_of_outsiders_go_nowhere(
    stage: Stage, path: str, guess: dict[str, str]
) -> None:
    for name in ("web", "list", "members"):
        await stage.add(name)
    headers = (await stage.json(path, **OURS, **guess))["headers"]
    ours = {name.lower().replace("_", "-") for name in OURS} - {"deadline-ms"}
    told = ours & set(headers)
    if path == "/api/posts":
        assert not told | {"x-face-secret"} & set(headers)
    else:
        assert told == {"x-forwarded-for", "x-forwarded-proto"}
        assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
        assert headers["x-face-secret"] == SECRET
    assert int(headers["deadline-ms"]) > 1


@pytest.mark.parametrize("path", ["/", "/api/posts"])
@asynchronous
async def test_outsiders_get_no_internal_headers(stage: Stage, path: str) -> None:
    await stage.add("web", handler=known)
    await stage.add("list", handler=known)
    for method in ("GET", "HEAD", "PUT"):
        for more in ({}, {"Command-Wait": "later"}, {"Command-Wait": "later", "X-Face-Secret": "guessed"}):
            answer = await stage.ask(method, path, headers={**more, "Cookie": "a=b"})
            assert {"Command", "Depends-On"}.isdisjoint(answer.headers)
    answer = await stage.get("/api/posts", **INSIDE)
    assert answer.headers["Depends-On"] == "list.posts"


@asynchronous
async def test_requests_from_inside_neither_use_nor_fill_the_cache(stage: Stage) -> None:
    list_ = await stage.add("list", handler=known)
    for headers in ({}, {"Command-Wait": "later"}, {"Deadline_Ms": "1"}, {"Authorization": "Basic dTpw"}):
        await stage.get("/api/posts", **headers)
    assert len(list_.asked) == 1
    await stage.get("/api/posts", **INSIDE)
    await stage.get("/api/posts", Authorization="Bearer a")
    assert len(list_.asked) > 2


@asynchronous
async def test_several_accept_headers_are_one_list(stage: Stage) -> None:
    list_ = await stage.add("list", handler=known)
    for lines in (("text/html", "application/json"), ("application/json",), ("text/html", "*/*")):
        await stage.ask("GET", "/api/posts", headers=[("Accept", each) for each in lines])
    assert [each.headers.getall("Accept") for each in list_.asked] == [
        *(["text/html", "application/json"], ["application/json"], ["text/html", "*/*"]),
    ]


@pytest.mark.settings(REQUESTS_AT_ONCE="4")
@asynchronous
async def test_who_only_claims_to_be_inside_gets_no_more_room(stage: Stage) -> None:
    list_ = await stage.add("list", handler=hang)
    waiting = [asyncio.create_task(stage.get(f"/api/posts?page={n}", Command_Wait="later")) for n in range(4)]
    await until(lambda: len(list_.asked) == 4)
    assert (await stage.get("/api/posts?page=9", Command_Wait="later")).status == 503
    assert len(list_.asked) == 4
    inner = asyncio.create_task(stage.get("/api/posts?page=9", **INSIDE))
    await until(lambda: len(list_.asked) == 5)
    for task in (*waiting, inner):
        task.cancel()


@pytest.mark.parametrize(
    ("client", "scheme"),
    [
        pytest.param("127.0.0.1", "http", marks=pytest.mark.settings(TRUSTED_PROXIES="")),
        pytest.param("203.0.113.7", "https", marks=pytest.mark.settings(TRUSTED_PROXIES="127.0.0.0/8")),
    ],
)
@asynchronous
async def test_a_proxy_in_front_is_believed_if_it_is_trusted(stage: Stage, client: str, scheme: str) -> None:
    await stage.add("web")
    told = {"X_Forwarded_For": "6.6.6.6, 203.0.113.7", "X_Forwarded_Proto": "https"}
    headers = (await stage.json("/", **told, Authorization="Basic dTpw"))["headers"]
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == (client, scheme)
    assert "authorization" not in headers
    inner = {**told, "X_Forwarded_For": "192.0.2.7", **PROVED}
    assert (await stage.json("/", **inner))["headers"]["x-forwarded-for"] == "192.0.2.7"


@asynchronous
async def test_an_absolute_address_names_a_path_only(stage: Stage) -> None:
    web_ = await stage.add("web")
    for target, path in (("http://127.0.0.2:1/a?b=c", "/a?b=c"), ("https://127.0.0.2", "/")):
        reader, writer = await stage.connect()
        writer.write(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        assert (await reader.readline()).split()[1] == b"200"
        writer.close()
        assert web_.asked[-1].raw_path == path
