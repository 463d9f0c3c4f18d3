"""What a reader does to posts: tag, like, hide; and their tags."""

from flask import Blueprint, Response, jsonify, request

from kit import params
from kit.collection import as_collection, page_urls
from step0_monolith.identity import current_reader, signed_in
from step0_monolith.negotiation import represent
from step0_monolith.store import Store
from step0_monolith.views.posts import known_id, represent_posts


def make_blueprint(store: Store) -> Blueprint:
    """The views over `store`. PUT and DELETE answer in JSON to everybody: only scripts send them."""
    views = Blueprint("marks", __name__)

    @views.get("/tags")
    @signed_in
    def tags() -> Response:
        params.only(*params.PAGING)
        page = params.page()
        found = store.tags(page, current_reader())
        payload = as_collection(found, page, "Your tags")
        return represent(payload, "tags.html", tags=found.items, **page_urls(found, page))

    @views.get("/tags/<tag>")
    @signed_in
    def tagged(tag: str) -> Response:
        params.only(*params.PAGING)
        page, tag = params.page(), params.tag(tag)
        found = store.tagged(tag, page, current_reader())
        return represent_posts(found, page, f"Tagged {tag}", "tagged", tag=tag)

    @views.route("/posts/<post_id>/tags/<tag>", methods=["PUT", "DELETE"])
    @signed_in
    def tag(post_id: str, tag: str) -> Response:
        params.only()
        change = store.tag if request.method == "PUT" else store.untag
        tags = change(known_id(post_id), params.tag(tag), current_reader())
        return jsonify(post=post_id, tags=tags)

    @views.route("/posts/<post_id>/like", methods=["PUT", "DELETE"])
    @signed_in
    def like(post_id: str) -> Response:
        params.only()
        liked = request.method == "PUT"
        return jsonify(
            post=post_id, liked=liked, likes=store.like(known_id(post_id), liked, current_reader())
        )

    @views.route("/posts/<post_id>/hide", methods=["PUT", "DELETE"])
    @signed_in
    def hide(post_id: str) -> Response:
        params.only()
        hidden = request.method == "PUT"
        store.hide(known_id(post_id), hidden, current_reader())
        return jsonify(post=post_id, hidden=hidden)

    return views
