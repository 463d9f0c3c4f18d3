"""Recommendations, and the topics to choose from."""

from flask import Blueprint, Response, g

from kit.domain.answers import Topics
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import RECOMMENDED, as_post
from kit.domain.recommend.ranking import recommended
from kit.http import params
from kit.http.collections import as_single_page
from kit.http.operations import POSTS, Operation, operation
from kit.own_marks import own_marks
from kit.service.render import reply

TOPIC = {"type": "string", "minLength": 1, "maxLength": params.LONGEST_TOPIC}
RECOMMENDING = Operation(
    "Much loved posts, for a reader first of their topics", {200: POSTS}, {"topic": TOPIC}
)
NAMING = Operation("Topics there are posts of", {200: Topics})


def make_blueprint(posts: Posts, marks: Marks, *, shows_marks: bool) -> Blueprint:
    """The verbs. Posts and marks lie in one database; with `shows_marks` posts are shown with their
    reader's.
    """
    verbs = Blueprint("recommend", __name__)

    @verbs.get("/recommended")
    @operation(RECOMMENDING)
    def recommend() -> Response:
        topic, reader = params.topic(), g.reader.username if g.reader else None
        found = [as_post(each) for each in recommended(posts, marks, reader, topic, own_marks())]
        if reader and shows_marks:
            marks.put_on(found, reader)
        query = {"topic": topic} if topic else {}
        return reply(as_single_page(found, RECOMMENDED, "Recommended", query))

    @verbs.get("/topics")
    @operation(NAMING)
    def topics() -> Response:
        return reply({"topics": posts.topics()})

    return verbs
