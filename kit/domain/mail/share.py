"""The verb that shares a post by mail."""

from flask import Blueprint, Response, g
from pydantic import BaseModel

from kit.domain.mail.inputs import Share
from kit.domain.mail.mailer import Mailer
from kit.domain.mail.shares import Shares
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import as_post
from kit.http.bodies import read_body
from kit.http.operations import Operation, operation
from kit.mongo.rate_limits import RateLimit
from kit.service.render import reply


class Shared(BaseModel):
    """The id of what was shared."""

    share: str


SHARING = Operation("Mail a post", {201: Shared, 429: None}, body=Share, reader=True)


def make_blueprint(posts: Posts, shares: Shares, limit: RateLimit, mailer: Mailer) -> Blueprint:
    """Make the verb. The client waits while mail is sent."""
    verbs = Blueprint("share", __name__)

    @verbs.post("/posts/<post_id>/share")
    @operation(SHARING)
    def share(post_id: str) -> Response:
        wanted, reader = read_body(Share), g.reader.username
        post = as_post(posts.find(post_id))
        limit.take(reader)
        mailer.send(post, wanted.to, wanted.note, reader)
        return reply({"share": shares.record(reader, post_id, wanted.to, wanted.note)}, 201)

    return verbs
