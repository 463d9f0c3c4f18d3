"""The view to share a post by mail."""

from flask import Blueprint, Response, jsonify, make_response, request

from kit.domain.mail.inputs import Share
from kit.http import params
from kit.http.problems import Unprocessable
from step0_monolith.http.bodies import FORM, raw_fields, read_body
from step0_monolith.http.identity import current_reader, signed_in
from step0_monolith.http.negotiation import represent, wants_html
from step0_monolith.store import Store
from step0_monolith.views.posts import checked_id


def make_blueprint(store: Store) -> Blueprint:
    """Make the view over `store`."""
    views = Blueprint("share", __name__)

    @views.post("/posts/<post_id>/share")
    @signed_in
    def share(post_id: str) -> Response:
        params.allow_only()
        try:
            wanted = read_body(Share)
            made = store.share(checked_id(post_id), wanted.to, wanted.note, current_reader())
        except Unprocessable as error:
            if not wants_html() or request.mimetype != FORM:
                raise
            shown = {"message": str(error), "issues": error.issues, "values": raw_fields(), "shared": False}
            post = store.post(checked_id(post_id), current_reader())
            return represent({}, "share.html", 422, post=post, **shown)
        if not wants_html():
            return make_response(jsonify(share=made), 201)
        shown = {"message": None, "issues": {}, "values": wanted.model_dump(), "shared": True}
        return represent({}, "share.html", 201, post=store.post(post_id, current_reader()), **shown)

    return views
