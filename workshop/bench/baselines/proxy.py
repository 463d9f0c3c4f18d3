"""A proxy of uvicorn and one aiohttp session and nothing else. The gateway is compared with it.

`uvicorn workshop.bench.baselines.proxy:app` passes all requests to BACKEND_URL.
"""

import os
from typing import Any

import aiohttp

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"})

_session: aiohttp.ClientSession | None = None


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Pass a request to the backend and return its response."""
    global _session  # noqa: PLW0603 - made inside the running loop, once
    if scope["type"] != "http":
        return
    if _session is None:
        _session = aiohttp.ClientSession(auto_decompress=False)
    body = (await receive()).get("body", b"")
    query = scope["query_string"].decode()
    url = f"{os.environ['BACKEND_URL']}{scope['path']}{'?' + query if query else ''}"
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    async with _session.request(scope["method"], url, headers=headers, data=body or None) as response:
        content = await response.read()
        headers_out = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
            if name.lower() not in HOP_BY_HOP
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": headers_out})
        await send({"type": "http.response.body", "body": content})
