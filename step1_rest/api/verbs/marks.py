"""Tag, like, hide; and the reader's tags."""

from flask import Blueprint, Response, g, request

from kit import params
from kit.collection import as_collection
from kit.model.post import as_post
from kit.operations import POSTS, Operation, operation
from kit.paging import Found
from kit.service.render import reply
from step1_rest.api.answers import Hide, Like, TagCounts, Tags
from step1_rest.api.parts import Parts

TAG = {"type": "string", "pattern": f"^{params.TAG.pattern}$", "examples": ["read-later"]}
TAGGING = Operation("Put a tag on a post, or take it off", {200: Tags}, path={"tag": TAG}, reader=True)
LIKING = Operation("Like a post, or stop liking it", {200: Like}, reader=True)
HIDING = Operation("Hide a post from the reader, or show it again", {200: Hide}, reader=True)
TAGS = Operation("The reader's tags", {200: TagCounts}, query=params.PAGING_SCHEMAS, reader=True)
TAGGED = Operation(
    "The posts the reader put this tag on",
    {200: POSTS},
    query=params.PAGING_SCHEMAS,
    path={"tag": TAG},
    reader=True,
)


def make_blueprint(parts: Parts) -> Blueprint:
    """The verbs over `parts`."""
    verbs = Blueprint("marks", __name__)

    def topic_of(post_id: str) -> str:
        topic: str = parts.posts.known(post_id)["topic"]
        return topic

    @verbs.route("/posts/<post_id>/tags/<tag>", methods=["PUT", "DELETE"])
    @operation(TAGGING)
    def tag(post_id: str, tag: str) -> Response:
        change = parts.marks.tag if request.method == "PUT" else parts.marks.untag
        tags = change(g.reader.username, post_id, topic_of(post_id), params.tag(tag))
        return reply({"post": post_id, "tags": tags})

    @verbs.route("/posts/<post_id>/like", methods=["PUT", "DELETE"])
    @operation(LIKING)
    def like(post_id: str) -> Response:
        liked = request.method == "PUT"
        likes = parts.marks.like(g.reader.username, post_id, topic_of(post_id), liked)
        return reply({"post": post_id, "liked": liked, "likes": likes})

    @verbs.route("/posts/<post_id>/hide", methods=["PUT", "DELETE"])
    @operation(HIDING)
    def hide(post_id: str) -> Response:
        hidden = request.method == "PUT"
        parts.marks.hide(g.reader.username, post_id, topic_of(post_id), hidden)
        return reply({"post": post_id, "hidden": hidden})

    @verbs.get("/tags")
    @operation(TAGS)
    def tags() -> Response:
        page = params.page()
        return reply(as_collection(parts.marks.tags(g.reader.username, page), page, "Tags"))

    @verbs.get("/tags/<tag>")
    @operation(TAGGED)
    def tagged(tag: str) -> Response:
        reader, page = g.reader.username, params.page()
        found = parts.posts.among(parts.marks.tagged(reader, params.tag(tag)), page)
        posts = parts.marks.put_on([as_post(each) for each in found.items], reader)
        return reply(as_collection(Found(posts, found.total, found.more), page, "Tagged"))

    return verbs
