"""Strategies for requests that are wrong in some way, or in several."""

import json
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

from hypothesis import strategies as st

from tests.support.malformed_parts import (
    ACCEPT,
    HEADERS,
    MEDIA_TYPES,
    METHODS,
    NAMES,
    PARAMETERS,
    ROUTES,
    VALUES,
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
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
    st.sampled_from(("\ud800", "x\udfff", 10**400)),
)
values: st.SearchStrategy[Any] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)


def nested(depth: int) -> str:
    """Return nested arrays in JSON."""
    return "[" * depth + "]" * depth


def objects(*known: str) -> st.SearchStrategy[bytes]:
    """Return JSON objects with some of the known fields and any values."""
    fields = st.fixed_dictionaries({}, optional=dict.fromkeys(known, values))
    return fields.map(json.dumps).map(str.encode)


bodies = st.one_of(
    objects("username", "password", "email"),
    objects("to", "note"),
    st.dictionaries(keys, values, max_size=4).map(json.dumps).map(str.encode),
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
def targets(draw: st.DrawFn, route: str) -> str:
    """Draw a path and a query."""
    path = route.format(*(draw(segments) for _ in range(route.count("{}"))))
    if route in PARAMETERS and draw(st.booleans()):
        name, value = draw(st.sampled_from(PARAMETERS[route])), draw(segments)
        first = "q=stone&" if route == "/search" and name != "q" else ""
        return f"{path}?{first}{name}={value}"
    pairs = draw(st.lists(st.tuples(names, texts), max_size=2))
    return f"{path}?{urlencode(pairs, errors='replace')}" if pairs else path


@st.composite
def headers(draw: st.DrawFn, token: str) -> list[str]:
    """Draw header lines; most have `token`, which is valid."""
    lines = [f"Accept: {draw(st.sampled_from(ACCEPT))}"]
    if draw(st.integers(0, 3)):
        lines.append(f"Authorization: Bearer {token}")
    elif draw(st.booleans()):
        lines.append(f"Authorization: {draw(st.sampled_from(HEADERS['Authorization']))}")
    if draw(st.booleans()):
        name = draw(st.sampled_from(sorted(HEADERS)))
        lines.append(f"{name}: {draw(st.sampled_from(HEADERS[name]))}")
    return lines


@st.composite
def requests(draw: st.DrawFn, host: str, token: str) -> bytes:
    """Draw the bytes of one request."""
    methods, route = draw(st.sampled_from(ROUTES))
    usual = draw(st.integers(0, 9)) > 0
    method = draw(st.sampled_from(methods if usual else METHODS))
    lines = [f"{method} {draw(targets(route))} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += draw(headers("ended" if route == "/logout" else token))
    body = draw(bodies) if method == "POST" or draw(st.integers(0, 4)) == 0 else b""
    if body:
        lines.append(f"Content-Type: {draw(st.sampled_from(MEDIA_TYPES))}")
        if draw(st.integers(0, 3)) == 0:
            lines.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        else:
            lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body
