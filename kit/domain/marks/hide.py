"""Hide."""

from flask import Blueprint, Response, g, request

from kit.domain.answers import Hide
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.http.operations import Operation, operation
from kit.service.render import reply

HIDING = Operation("Hide a post from the reader, or show it again", {200: Hide}, reader=True)


def make_blueprint(posts: Posts, marks: Marks) -> Blueprint:
    """The verb."""
    verbs = Blueprint("hide", __name__)

    @verbs.route("/posts/<post_id>/hide", methods=["PUT", "DELETE"])
    @operation(HIDING)
    def hide(post_id: str) -> Response:
        hidden = request.method == "PUT"
        marks.hide(g.reader.username, post_id, posts.known(post_id)["topic"], hidden)
        return reply({"post": post_id, "hidden": hidden})

    return verbs
