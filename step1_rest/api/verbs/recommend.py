"""Recommendations, and the topics to choose from."""

from flask import Blueprint, Response, g

from kit import params
from kit.collection import as_single_page
from kit.model.post import RECOMMENDED, as_post
from kit.model.recommend import recommended
from kit.operations import POSTS, Operation, operation
from kit.service.render import reply
from step1_rest.api.answers import Topics
from step1_rest.api.parts import Parts

TOPIC = {"type": "string", "minLength": 1, "maxLength": params.LONGEST_TOPIC}
RECOMMENDING = Operation(
    "Much loved posts, for a reader first of their topics", {200: POSTS}, {"topic": TOPIC}
)
NAMING = Operation("Topics there are posts of", {200: Topics})


def make_blueprint(parts: Parts) -> Blueprint:
    """The verbs over `parts`."""
    verbs = Blueprint("recommend", __name__)

    @verbs.get("/recommended")
    @operation(RECOMMENDING)
    def recommend() -> Response:
        topic, reader = params.topic(), g.reader.username if g.reader else None
        posts = [as_post(each) for each in recommended(parts.posts, parts.marks, reader, topic)]
        if reader:
            parts.marks.put_on(posts, reader)
        query = {"topic": topic} if topic else {}
        return reply(as_single_page(posts, RECOMMENDED, "Recommended", query))

    @verbs.get("/topics")
    @operation(NAMING)
    def topics() -> Response:
        return reply({"topics": parts.posts.topics()})

    return verbs
