"""Eve without our changes, over the same posts: `workshop.bench.baselines.plain_eve:make_app()`."""

import os
from typing import Any

from eve import Eve

from workshop.bench.baselines.flask_search import FIELDS

TYPES = {
    **dict.fromkeys(("score", "ups", "downs", "num_comments"), "integer"),
    "created": "datetime",
    "over_18": "boolean",
}


def make_app() -> Any:
    """Return the application. A search is `where={"$text": {"$search": …}}`, which plain Eve lets clients
    send.
    """
    schema = {
        field: {"type": TYPES.get(field, "string")}
        for field in FIELDS
        if field == "_id" or not field.startswith("_")
    }
    best_first = [("relevance", {"$meta": "textScore"}), ("_id", 1)]
    posts = {"schema": schema, "datasource": {"default_sort": best_first}}
    return Eve(settings={"DOMAIN": {"posts": posts}, "MONGO_URI": os.environ["MONGODB_URI"]})
