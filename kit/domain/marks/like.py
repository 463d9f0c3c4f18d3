"""Like."""

from flask import Blueprint, Response, g, request

from kit.domain.answers import Like
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.http.operations import Operation, operation
from kit.service.render import reply

LIKING = Operation("Like a post, or stop liking it", {200: Like}, reader=True)


def make_blueprint(posts: Posts, marks: Marks) -> Blueprint:
    """The verb."""
    verbs = Blueprint("like", __name__)

    @verbs.route("/posts/<post_id>/like", methods=["PUT", "DELETE"])
    @operation(LIKING)
    def like(post_id: str) -> Response:
        liked = request.method == "PUT"
        likes = marks.like(g.reader.username, post_id, posts.known(post_id)["topic"], liked)
        return reply({"post": post_id, "liked": liked, "likes": likes})

    return verbs
