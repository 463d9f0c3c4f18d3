"""Sharing a post by mail."""

from flask import Blueprint, Response, g

from kit.bodies import read_body
from kit.limits import Limit
from kit.mail import Mailer
from kit.model import inputs
from kit.model.post import as_post
from kit.model.posts import Posts
from kit.model.shares import Shares
from kit.operations import Operation, operation
from kit.service.render import reply
from kit.verbs.answers import Shared

SHARING = Operation("Mail a post", {201: Shared, 429: None}, body=inputs.Share, reader=True)


def make_blueprint(posts: Posts, shares: Shares, limit: Limit, mailer: Mailer) -> Blueprint:
    """The verb. The client waits while mail is sent."""
    verbs = Blueprint("share", __name__)

    @verbs.post("/posts/<post_id>/share")
    @operation(SHARING)
    def share(post_id: str) -> Response:
        wanted, reader = read_body(inputs.Share), g.reader.username
        post = as_post(posts.known(post_id))
        limit.take(reader)
        mailer.send(post, wanted.to, wanted.note, reader)
        return reply({"share": shares.record(reader, post_id, wanted.to, wanted.note)}, 201)

    return verbs
