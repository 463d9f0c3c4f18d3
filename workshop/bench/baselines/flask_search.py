"""A search written by hand with Flask, pymongo and orjson. Eve is compared with it.

gunicorn serves it as `workshop.bench.baselines.flask_search:make_app()`, over the database that MONGODB_URI
names.
"""

import os
from typing import Any

import orjson
from flask import Flask, Response, request
from pymongo import MongoClient

FIELDS = (
    "_id",
    "_etag",
    "_created",
    "_updated",
    "source",
    "title",
    "text",
    "author",
    "topic",
    "url",
    "permalink",
    "thumbnail",
    "created",
    "score",
    "ups",
    "downs",
    "num_comments",
    "over_18",
)
SHOWN = dict.fromkeys(FIELDS, 1)
BEST_FIRST: list[tuple[str, Any]] = [("relevance", {"$meta": "textScore"}), ("_id", 1)]
OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


def make_app() -> Flask:
    """Return the application, which has one route."""
    app = Flask(__name__)
    posts = MongoClient[dict[str, Any]](os.environ["MONGODB_URI"]).get_default_database()["posts"]

    @app.get("/search")
    def search() -> Response:
        page, size = int(request.args.get("page", 1)), int(request.args.get("max_results", 25))
        match = {"$text": {"$search": request.args["q"]}}
        found = posts.find(match, SHOWN).sort(BEST_FIRST).skip((page - 1) * size).limit(size)
        meta = {"page": page, "max_results": size, "total": posts.count_documents(match, limit=10_001)}
        content = {"_items": list(found), "_meta": meta}
        return Response(orjson.dumps(content, option=OPTIONS), mimetype="application/json")

    return app
