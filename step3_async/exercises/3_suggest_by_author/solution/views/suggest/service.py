"""Suggest: the authors of the posts that a reader likes."""

from collections import Counter

from flask import Blueprint, Response, g
from pydantic import BaseModel
from pymongo.database import Database

from kit.domain.indexes import INDEXES as MODEL
from kit.http.operations import Operation, operation
from kit.mongo.client import Document
from kit.mongo.indexes import Indexes, named
from kit.service import Service, own_database
from kit.service.render import reply
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.rapids.pond import Pond

INDEXES: Indexes = {"marks": named(MODEL["marks"], "liked_by_reader")}


class Author(BaseModel):
    """An author, and how many of the author's posts the reader likes."""

    author: str
    likes: int


class Authors(BaseModel):
    """Authors, the one whose posts the reader likes most first."""

    authors: list[Author]


SUGGESTING = Operation("Authors of the posts that the reader likes", {200: Authors}, reader=True)


def make_blueprint(database: Database[Document]) -> Blueprint:
    """Make the verb over the ponds of posts and of likes."""
    verbs = Blueprint("suggest", __name__)

    @verbs.get("/suggested-authors")
    @operation(SUGGESTING)
    def suggested_authors() -> Response:
        liked = database["marks"].distinct("post", {"reader": g.reader.username, "liked": True})
        posts = database["posts"].find({"_id": {"$in": liked}}, {"author": True})
        likes = Counter(post["author"] for post in posts)
        ranked = sorted(likes, key=lambda author: (-likes[author], author))
        return reply({"authors": [{"author": author, "likes": likes[author]} for author in ranked]})

    return verbs


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("suggest")
    return make_service(
        "suggest",
        database,
        tags=("kind:view", "verb:suggest"),
        resources={},
        indexes=INDEXES,
        paths=(AnnouncedPath(template="/suggested-authors", face="json"),),
        ponds=(
            Pond(database["posts"], "posts", ("author",)),
            Pond(database["marks"], "like", ("reader", "post", "topic", "liked")),
        ),
        verbs=[make_blueprint(database)],
    )
