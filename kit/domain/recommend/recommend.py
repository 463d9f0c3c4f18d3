"""The verbs that recommend posts, and list the topics to choose from."""

from flask import Blueprint, Response
from pydantic import BaseModel

from kit.domain.marks.collection import Marks
from kit.domain.parameters import TOPIC_SCHEMA, read_topic
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import PAGE_OF_POSTS, RECOMMENDED
from kit.domain.recommend.ranking import recommended
from kit.http.collections import as_single_page
from kit.http.operations import Operation, operation, username
from kit.service.render import reply


class Topics(BaseModel):
    """Topics that have posts."""

    topics: list[str]


RECOMMENDING = Operation(
    "Much loved posts, for a reader first of their topics", {200: PAGE_OF_POSTS}, {"topic": TOPIC_SCHEMA}
)
NAMING = Operation("Topics there are posts of", {200: Topics})


def make_blueprint(posts: Posts, marks: Marks) -> Blueprint:
    """Make the verbs. A signed-in reader sees posts with their own marks."""
    verbs = Blueprint("recommend", __name__)

    @verbs.get("/recommended")
    @operation(RECOMMENDING)
    def recommend() -> Response:
        topic, reader = read_topic(), username()
        found = marks.shown(recommended(posts, marks, reader, topic), reader)
        query = {"topic": topic} if topic else {}
        return reply(as_single_page(found, RECOMMENDED, "Recommended", query))

    @verbs.get("/topics")
    @operation(NAMING)
    def topics() -> Response:
        return reply({"topics": posts.topics()})

    return verbs
