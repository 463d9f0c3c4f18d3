"""A backend that responds to every request with the same JSON: `uvicorn
workshop.bench.baselines.echo:app`.
"""

from typing import Any

BODY = b'{"_status":"OK","filling":"%s"}' % (b"x" * 2000)
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Respond with BODY."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})
