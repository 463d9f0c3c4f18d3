"""The verb that shows the picture of a post."""

from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

from kit.domain.pictures.cache import Images
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import as_post
from kit.http.operations import Operation, operation

PICTURE = {"type": "string", "format": "binary"}
SHOWING = Operation("The post's picture", {200: PICTURE, 304: None}, media_type="image/*")


def make_blueprint(images: Images, posts: Posts) -> Blueprint:
    """Make the verb. The client waits while a picture is fetched."""
    verbs = Blueprint("images", __name__)

    @verbs.get("/images/<post_id>")
    @operation(SHOWING)
    def image(post_id: str) -> Response:
        found = images.of(post_id, lambda: as_post(posts.find(post_id)))
        response = make_response(found.content)
        response.mimetype = found.media_type
        response.set_etag(found.etag)
        response.cache_control.public = True
        response.cache_control.max_age = 86400
        return response.make_conditional(request)

    return verbs
