"""Sharing a post by mail."""

from flask import Blueprint, Response, g

from kit.bodies import read_body
from kit.model import inputs
from kit.model.post import as_post
from kit.operations import Operation, operation
from kit.service.render import reply
from step1_rest.api.answers import Shared
from step1_rest.api.parts import Parts

SHARING = Operation("Mail a post", {201: Shared, 429: None}, body=inputs.Share, reader=True)


def make_blueprint(parts: Parts) -> Blueprint:
    """The verb over `parts`. The client waits while mail is sent, as at step 0."""
    verbs = Blueprint("share", __name__)

    @verbs.post("/posts/<post_id>/share")
    @operation(SHARING)
    def share(post_id: str) -> Response:
        wanted, reader = read_body(inputs.Share), g.reader.username
        post = as_post(parts.posts.known(post_id))
        parts.share_limit.take(reader)
        parts.mailer.send(post, wanted.to, wanted.note, reader)
        return reply({"share": parts.shares.record(reader, post_id, wanted.to, wanted.note)}, 201)

    return verbs
