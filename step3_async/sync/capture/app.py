"""Health and metrics over HTTP, in the shape of `kit.health`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.metrics.exposition import exposition
from step3_async.sync.capture.capture import Capture

LATER_OPTIONAL = {"rapids"}
"""What may be away once all was there: it shows in the registry and in how far the rapids lie behind."""


def make_app(capture: Capture) -> Starlette:
    """An application that `capture` is at work with from its start to its end."""

    @asynccontextmanager
    async def at_work(_app: Starlette) -> AsyncIterator[None]:
        await capture.start()
        yield
        await capture.stop()

    async def live(_request: Request) -> Response:
        return JSONResponse({"_status": "OK"})

    has_been_ready = False

    async def ready(_request: Request) -> Response:
        nonlocal has_been_ready
        parts = capture.parts()
        has_been_ready = has_been_ready or all(parts.values())
        is_ready = has_been_ready and all(parts[part] for part in parts.keys() - LATER_OPTIONAL)
        told = {part: "ok" if answers else "down" for part, answers in parts.items()}
        return JSONResponse(
            {"_status": "OK" if is_ready else "ERR", "parts": told},
            200 if is_ready else 503,
            None if is_ready else {"Retry-After": "2"},
        )

    return Starlette(
        routes=[Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", _metrics)],
        lifespan=at_work,
    )


async def _metrics(_request: Request) -> Response:
    content, content_type = exposition()
    return Response(content, headers={"Content-Type": content_type})
