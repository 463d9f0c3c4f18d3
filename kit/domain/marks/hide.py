"""The verbs that hide a post and list the hidden posts."""

from flask import Blueprint, Response, g, request
from pydantic import BaseModel

from kit.domain.marks.collection import Marks
from kit.domain.marks.lists import Show, add_list, listing
from kit.domain.posts.collection import Posts
from kit.http.operations import Operation, Schema, operation
from kit.service.render import reply


class Hide(BaseModel):
    """Whether a post is hidden from the reader."""

    post: str
    hidden: bool


HIDING = Operation("Hide a post from the reader, or show it again", {200: Hide}, reader=True)


def commands(posts: Posts, marks: Marks) -> Blueprint:
    """Make the verb that hides a post."""
    verbs = Blueprint("hide", __name__)

    @verbs.route("/posts/<post_id>/hide", methods=["PUT", "DELETE"])
    @operation(HIDING)
    def hide(post_id: str) -> Response:
        hidden = request.method == "PUT"
        marks.hide(g.reader.username, post_id, posts.find(post_id)["topic"], hidden)
        return reply({"post": post_id, "hidden": hidden})

    return verbs


def queries(posts: Posts, marks: Marks, show: Show, page_schema: Schema) -> Blueprint:
    """Make the verb that lists what is hidden. `show` is as in `lists`."""
    verbs = Blueprint("hidden", __name__)
    described = listing("The posts the reader hid, the latest first", page_schema)
    add_list(
        verbs, "/hidden", described, "hidden", title="Posts you hid", posts=posts, marks=marks, show=show
    )
    return verbs
