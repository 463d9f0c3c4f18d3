"""What cached answers are measured against: the search by hand, with Starlette, AsyncMongoClient and orjson.

`uvicorn --factory workshop.bench.handwritten_async:make_app`, over the database that MONGODB_URI names.
"""

import os
from typing import Any

import orjson
from pymongo import AsyncMongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshop.bench.handwritten import BEST_FIRST, OPTIONS, SHOWN


def make_app() -> Starlette:
    """The application: one route."""
    client = AsyncMongoClient[dict[str, Any]](os.environ["MONGODB_URI"])
    posts = client.get_default_database()["posts"]

    async def search(request: Request) -> Response:
        asked = request.query_params
        page, size = int(asked.get("page", 1)), int(asked.get("max_results", 25))
        match = {"$text": {"$search": asked["q"]}}
        cursor = posts.find(match, SHOWN).sort(BEST_FIRST).skip((page - 1) * size).limit(size)
        total = await posts.count_documents(match, limit=10_001)
        meta = {"page": page, "max_results": size, "total": total}
        told = {"_items": await cursor.to_list(), "_meta": meta}
        return Response(orjson.dumps(told, option=OPTIONS), media_type="application/json")

    return Starlette(routes=[Route("/search", search)])
