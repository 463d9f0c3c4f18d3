"""Strategies for requests that are wrong in some way, or in several."""

import json
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

from hypothesis import strategies as st

ROUTES = (
    *(
        "/",
        "/search",
        "/recommended",
        "/posts/{}",
        "/images/{}",
        "/me",
        "/tags",
        "/tags/{}",
        "/signup",
        "/login",
    ),
    *(
        "/logout",
        "/posts/{}/like",
        "/posts/{}/hide",
        "/posts/{}/tags/{}",
        "/posts/{}/share",
        "/docs",
        "/openapi.json",
    ),
    *("/health/live", "/health/ready", "/metrics", "/docs/assets/{}", "/static/{}", "/{}", "/{}/{}", "{}"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "BREW", "G")
NAMES = (
    *(
        "q",
        "page",
        "max_results",
        "topic",
        "next",
        "where",
        "sort",
        "projection",
        "aggregate",
        "embedded",
        "_id",
    ),
    *(
        "username",
        "password",
        "email",
        "to",
        "note",
        "csrf_token",
        "$where",
        "q[$ne]",
        "q[$regex]",
        "page[$gt]",
    ),
    *("topic[$in][]", "a.b", "$or", "__proto__", "constructor", "", "\x00", "page\x00", "ä", "🪨"),
)
VALUES = (
    *(
        "",
        "0",
        "-1",
        "1",
        "1e9",
        "9" * 400,
        "NaN",
        "true",
        "null",
        "[]",
        "{}",
        '{"$gt": ""}',
        '{"$ne": null}',
        "\x00",
    ),
    *(
        "a\x00b",
        "\r\nX-Injected: 1",
        "%",
        "%00",
        "%zz",
        "../../etc/passwd",
        "..\\..",
        "<script>",
        "' or 1=1 --",
        "*",
    ),
    *(
        "$where",
        "this.password",
        "function(){return true}",
        "sleep(9999)",
        "\u202e",
        "\ufeff",
        "🪨" * 60,
        "a" * 3000,
    ),
    *(
        "//evil.example",
        "t3_1",
        "se_1",
        "t3_" + "z" * 14,
        '"',
        '"a',
        "-a",
        "\ud7ff",
        "ａ",
        "𝟙",
        "{{7*7}}",
        "${7*7}",
    ),
)
MEDIA_TYPES = (
    *(
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=utf-16",
        "text/plain",
        "",
    ),
    *(
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "*/*",
        ";;;",
    ),
    *("application/json; charset=nonsense", "application/json; charset", "application/bson"),
)
TOKENS = (
    "Bearer",
    "Bearer \x01",
    "Basic !!!",
    "Bearer a b c",
    "Bearer " + "a" * 5000,
    "Digest",
    "\xff",
    "bearer null",
)

texts = st.one_of(st.sampled_from(VALUES), st.text(max_size=40))
octets = st.one_of(
    st.binary(max_size=12).map(quote_from_bytes),
    st.sampled_from(("%", "%f", "%ff%fe", "%c0%ae", "%ed%a0%80")),
)
segments = st.one_of(texts.map(lambda text: quote(text, safe="")), texts.map(quote), octets)
names = st.one_of(st.sampled_from(NAMES), st.text(max_size=10))
keys = st.one_of(st.sampled_from(NAMES), st.sampled_from(("$gt", "$ne", "$regex", "$expr", "a.$", "\ud800")))
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.sampled_from(("\ud800", "x\udfff"))
)


def nested(depth: int) -> str:
    """So many arrays in each other, in JSON."""
    return "[" * depth + "]" * depth


values: st.SearchStrategy[Any] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
bodies = st.one_of(
    st.dictionaries(keys, values, max_size=4).map(json.dumps).map(str.encode),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("username", "password", "email", "to", "note"), values))
    .map(json.dumps)
    .map(str.encode),
    values.map(json.dumps).map(str.encode),
    st.lists(st.tuples(names, texts), max_size=4).map(
        lambda pairs: urlencode(pairs, errors="replace").encode()
    ),
    st.binary(max_size=60),
    st.sampled_from((50, 2000, 30_000)).map(nested).map(str.encode),
    st.sampled_from(
        (b'{"username": "\xff\xfe"}', b'{"to": ' + b"9" * 5000 + b"}", b"x" * 65_537, b"\xef\xbb\xbf{}")
    ),
)


@st.composite
def targets(draw: st.DrawFn) -> str:
    """The path and query of a request."""
    route = draw(st.sampled_from(ROUTES))
    path = route.format(*(draw(segments) for _ in range(route.count("{}"))))
    pairs = draw(st.lists(st.tuples(names, st.one_of(texts, octets)), max_size=3))
    query = draw(
        st.sampled_from(
            (urlencode(pairs, errors="replace"), "&".join(f"{quote(a)}={b}" for a, b in pairs if b.isalnum()))
        )
    )
    return f"{path}?{query}" if query else path


@st.composite
def headers(draw: st.DrawFn, token: str) -> list[tuple[str, str]]:
    """Headers, `token` being one that is valid."""
    found = [
        (
            "Accept",
            draw(
                st.sampled_from(
                    ("application/json", "text/html", "*/*", "image/png", ";q=", ",", "text/html;q=2")
                )
            ),
        )
    ]
    if draw(st.booleans()):
        found.append(("Authorization", f"Bearer {token}"))
    more = {
        "Authorization": st.sampled_from(TOKENS),
        "Cookie": st.sampled_from(
            ("session=", "session=a; session=b", "session=\x01", "=;=", "session=" + "a" * 3000)
        ),
        "If-None-Match": st.sampled_from(('"', "*", "W/", '"a', "a" * 2000, '"\xff"')),
        "X-CSRFToken": st.sampled_from(("", "a", "a.b.c", "\xff")),
        "Range": st.sampled_from(("bytes=0-", "bytes=9-1", "x=1", "bytes=" + "0-1," * 200)),
        "Prefer": st.sampled_from(("respond-async", "wait=", "wait=-1", "wait=nan", "wait=1e9", ";;")),
        "X-HTTP-Method-Override": st.sampled_from(("DELETE", "\xff")),
        "X-Long": st.sampled_from(("a" * 7000, "a" * 9000)),
        "Accept-Language": st.sampled_from(("*", ";q", "\xff")),
        "If-Modified-Since": st.sampled_from(("yesterday", "Thu, 99 Foo 99999 99:99:99 GMT")),
    }
    for name in draw(st.lists(st.sampled_from(sorted(more)), max_size=3)):
        found.append((name, draw(more[name])))
    return found


@st.composite
def requests(draw: st.DrawFn, host: str, token: str) -> bytes:
    """The bytes of one request."""
    lines = [
        f"{draw(st.sampled_from(METHODS))} {draw(targets())} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
    ]
    lines += [f"{name}: {value}" for name, value in draw(headers(token))]
    body = draw(st.one_of(st.just(b""), bodies))
    if body:
        lines.append(f"Content-Type: {draw(st.sampled_from(MEDIA_TYPES))}")
        if draw(st.booleans()):
            lines.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        else:
            lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body
