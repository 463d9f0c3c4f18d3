"""The parameters of requests besides a post's id: words to search for, a topic, a tag, ids of posts."""

import re

from flask import request
from werkzeug.exceptions import BadRequest

from kit.domain.posts.documents import POST_ID
from kit.http.collections import LARGEST_PAGE_SIZE
from kit.http.params import plain_text
from kit.http.problems import Unprocessable

LONGEST_QUERY = 200
LONGEST_TOPIC = 100
TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
TAG_RULE = "1 to 30 of a-z, 0-9 and -, not starting with -"

QUERY_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_QUERY, "examples": ["flask"]}
TOPIC_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_TOPIC}
IDS = re.compile(f"{POST_ID}(,{POST_ID}){{0,{LARGEST_PAGE_SIZE - 1}}}")
IDS_SCHEMA = {"type": "string", "pattern": f"^{IDS.pattern}$", "examples": ["t3_1fymy0,se_12345"]}
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


def read_ids() -> list[str]:
    """Read `posts`: ids of posts. Raises BadRequest."""
    given = request.args.get("posts", "")
    if not IDS.fullmatch(given):
        raise BadRequest(f"posts must be 1 to {LARGEST_PAGE_SIZE} ids with commas between.")
    return given.split(",")


def checked_tag(text: str) -> str:
    """Check a tag in the path. Raises Unprocessable."""
    if not TAG.fullmatch(text):
        raise Unprocessable({"tag": TAG_RULE})
    return text
