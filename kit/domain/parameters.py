"""The parameters of requests besides a post's id: words to search for, a topic, a tag."""

import re

from flask import request
from werkzeug.exceptions import BadRequest

from kit.http.params import plain_text
from kit.http.problems import Unprocessable

LONGEST_QUERY = 200
LONGEST_TOPIC = 100
TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
TAG_RULE = "1 to 30 of a-z, 0-9 and -, not starting with -"

QUERY_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_QUERY, "examples": ["flask"]}
TOPIC_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_TOPIC}
TAG_SCHEMA = {"type": "string", "pattern": f"^{TAG.pattern}$", "examples": ["read-later"]}


def read_query() -> str:
    """Read `q`, stripped. Raises BadRequest."""
    text = request.args.get("q", "").strip()
    if not text:
        raise BadRequest("Say what to search for: q is empty.")
    return plain_text("q", text, LONGEST_QUERY)


def read_topic() -> str | None:
    """Read `topic`, which may be missing. Raises BadRequest."""
    text = request.args.get("topic")
    if text == "":
        raise BadRequest("topic is empty.")
    return None if text is None else plain_text("topic", text, LONGEST_TOPIC)


def checked_tag(text: str) -> str:
    """Check a tag in the path. Raises Unprocessable."""
    if not TAG.fullmatch(text):
        raise Unprocessable({"tag": TAG_RULE})
    return text
