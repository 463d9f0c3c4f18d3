"""The views to tag, like and hide posts, and to list what a reader has tagged, liked and hidden."""

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kit.domain.parameters import checked_tag
from kit.http import params
from kit.http.collections import as_collection, page_urls
from kit.http.inputs import Body
from step0_monolith.http.bodies import read_body
from step0_monolith.http.identity import current_reader, local_path, signed_in
from step0_monolith.http.negotiation import represent, wants_html
from step0_monolith.store import Store
from step0_monolith.views.posts import checked_id, represent_posts


def make_blueprint(store: Store) -> Blueprint:
    """Make the views over `store`. PUT and DELETE respond in JSON to everybody: only scripts send them."""
    views = Blueprint("marks", __name__)

    @views.get("/tags")
    @signed_in
    def tags() -> Response:
        params.allow_only(*params.PAGING)
        page = params.page()
        found = store.tags(page, current_reader())
        payload = as_collection(found, page, "Your tags")
        return represent(payload, "tags.html", tags=found.items, **page_urls(found, page))

    @views.get("/tags/<tag>")
    @signed_in
    def tagged(tag: str) -> Response:
        params.allow_only(*params.PAGING)
        page, tag = params.page(), checked_tag(tag)
        found = store.tagged(tag, page, current_reader())
        return represent_posts(store, found, page, f"Tagged {tag}", "tagged", tag=tag)

    @views.get("/likes")
    @signed_in
    def likes() -> Response:
        params.allow_only(*params.PAGING)
        page = params.page()
        return represent_posts(store, store.liked(page, current_reader()), page, "Posts you like", "likes")

    @views.get("/hidden")
    @signed_in
    def hidden() -> Response:
        params.allow_only(*params.PAGING)
        page = params.page()
        return represent_posts(store, store.hidden(page, current_reader()), page, "Posts you hid", "hidden")

    @views.route("/posts/<post_id>/tags/<tag>", methods=["PUT", "DELETE"])
    @signed_in
    def tag(post_id: str, tag: str) -> Response:
        params.allow_only()
        change = store.tag if request.method == "PUT" else store.untag
        tags = change(checked_id(post_id), checked_tag(tag), current_reader())
        return jsonify(post=post_id, tags=tags)

    @views.route("/posts/<post_id>/like", methods=["PUT", "DELETE"])
    @signed_in
    def like(post_id: str) -> Response:
        params.allow_only()
        liked = request.method == "PUT"
        return jsonify(
            post=post_id, liked=liked, likes=store.like(checked_id(post_id), liked, current_reader())
        )

    @views.route("/posts/<post_id>/hide", methods=["PUT", "DELETE"])
    @signed_in
    def hide(post_id: str) -> Response:
        params.allow_only()
        hidden = request.method == "PUT"
        store.hide(checked_id(post_id), hidden, current_reader())
        return jsonify(post=post_id, hidden=hidden)

    @views.post("/posts/<post_id>/unhide")
    @signed_in
    def unhide(post_id: str) -> AnyResponse:
        # Forms can only GET and POST; everybody else sends DELETE to the address above.
        params.allow_only()
        if request.get_data(cache=True):
            read_body(Body)
        store.hide(checked_id(post_id), False, current_reader())
        if wants_html():
            return redirect(local_path(request.form.get("next")), 303)
        return jsonify(post=post_id, hidden=False)

    return views
