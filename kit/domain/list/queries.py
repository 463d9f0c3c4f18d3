"""The verbs that list posts, newest first, and show one."""

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import PAGE_OF_POSTS
from kit.http import params
from kit.http.collections import as_collection
from kit.http.operations import Operation, operation, username
from kit.service.render import reply

LISTING = Operation("Newest posts", {200: PAGE_OF_POSTS}, query=params.PAGING_SCHEMAS)
SHOWING = Operation("One post", {200: {"$ref": "#/components/schemas/Post"}, 304: None, 404: None})


def make_blueprint(posts: Posts, marks: Marks) -> Blueprint:
    """Make the verbs. A signed-in reader sees posts with their own marks, and no hidden ones in the list."""
    verbs = Blueprint("posts", __name__)

    @verbs.get("/")
    @operation(LISTING)
    def newest() -> Response:
        page, reader = params.page(), username()
        found = posts.newest(page, marks.hidden(reader) if reader else [])
        return reply(as_collection(marks.shown_page(found, reader), page, LISTING.summary))

    @verbs.get("/posts/<post_id>")
    @operation(SHOWING)
    def show(post_id: str) -> AnyResponse:
        reader = username()
        post = marks.shown([posts.find(post_id)], reader)[0]
        response = reply(post)
        response.set_etag(post["_etag"])
        return response.make_conditional(request)

    return verbs
