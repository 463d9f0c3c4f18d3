"""A search written by hand with Starlette, AsyncMongoClient and orjson. Cached responses are compared with
it.

`uvicorn --factory workshop.bench.baselines.starlette_search:make_app` serves it, over the database that
MONGODB_URI names.
"""

import os
from typing import Any

import orjson
from pymongo import AsyncMongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshop.bench.baselines.flask_search import BEST_FIRST, OPTIONS, SHOWN


def make_app() -> Starlette:
    """Return the application, which has one route."""
    client = AsyncMongoClient[dict[str, Any]](os.environ["MONGODB_URI"])
    posts = client.get_default_database()["posts"]

    async def search(request: Request) -> Response:
        params = request.query_params
        page, size = int(params.get("page", 1)), int(params.get("max_results", 25))
        match = {"$text": {"$search": params["q"]}}
        cursor = posts.find(match, SHOWN).sort(BEST_FIRST).skip((page - 1) * size).limit(size)
        total = await posts.count_documents(match, limit=10_001)
        meta = {"page": page, "max_results": size, "total": total}
        content = {"_items": await cursor.to_list(), "_meta": meta}
        return Response(orjson.dumps(content, option=OPTIONS), media_type="application/json")

    return Starlette(routes=[Route("/search", search)])
