"""The verbs that like a post, list the liked posts, and count how many readers like each post."""

from flask import Blueprint, Response, g, request
from pydantic import BaseModel, Field

from kit.domain.marks.collection import Marks
from kit.domain.marks.lists import Show, add_list, listing
from kit.domain.parameters import IDS_SCHEMA, read_ids
from kit.domain.posts.collection import Posts
from kit.http.operations import Operation, Schema, operation
from kit.service.render import reply


class Like(BaseModel):
    """Whether the reader likes a post, and how many readers do."""

    post: str
    liked: bool
    likes: int = Field(ge=0)


class Likes(BaseModel):
    """How many readers like each post, by its id; those that nobody likes are left out."""

    likes: dict[str, int]


LIKING = Operation("Like a post, or stop liking it", {200: Like}, reader=True)
COUNTING = Operation(
    "How many readers like each of these posts",
    {200: Likes},
    {"posts": IDS_SCHEMA},
    required=frozenset({"posts"}),
    reader=True,
)


def commands(posts: Posts, marks: Marks) -> Blueprint:
    """Make the verb that likes a post."""
    verbs = Blueprint("like", __name__)

    @verbs.route("/posts/<post_id>/like", methods=["PUT", "DELETE"])
    @operation(LIKING)
    def like(post_id: str) -> Response:
        liked = request.method == "PUT"
        likes = marks.like(g.reader.username, post_id, posts.find(post_id)["topic"], liked)
        return reply({"post": post_id, "liked": liked, "likes": likes})

    return verbs


def queries(posts: Posts, marks: Marks, show: Show, page_schema: Schema) -> Blueprint:
    """Make the verbs that list and count likes. `show` is as in `lists`."""
    verbs = Blueprint("likes", __name__)
    described = listing("The posts the reader likes, the latest first", page_schema)
    add_list(verbs, "/likes", described, "liked", title="Posts you like", posts=posts, marks=marks, show=show)

    @verbs.get("/like-counts")
    @operation(COUNTING)
    def like_counts() -> Response:
        return reply({"likes": marks.likes(read_ids())})

    return verbs
