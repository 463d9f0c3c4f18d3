"""The verbs that tag a post, list the reader's tags, and list the posts with a tag."""

from flask import Blueprint, Response, g, request
from pydantic import BaseModel, Field

from kit.domain.marks.collection import Marks
from kit.domain.marks.lists import Show
from kit.domain.parameters import TAG_SCHEMA, checked_tag
from kit.domain.posts.collection import Posts
from kit.http import params
from kit.http.collections import Found, Link, Meta, as_collection
from kit.http.operations import Operation, Schema, operation
from kit.service.render import reply


class Tags(BaseModel):
    """A post and all tags the reader has put on it."""

    post: str
    tags: list[str]


class TagCount(BaseModel):
    """One of a reader's tags and how many posts carry it."""

    tag: str
    count: int = Field(ge=1)


class TagCounts(BaseModel):
    """A page of the reader's tags, most used first."""

    items: list[TagCount] = Field(alias="_items")
    meta: Meta = Field(alias="_meta")
    links: dict[str, Link] = Field(alias="_links")


TAGGING = Operation("Put a tag on a post, or take it off", {200: Tags}, path={"tag": TAG_SCHEMA}, reader=True)
TAGS = Operation("The reader's tags", {200: TagCounts}, query=params.PAGING_SCHEMAS, reader=True)


def commands(posts: Posts, marks: Marks) -> Blueprint:
    """Make the verbs that change a reader's tags."""
    verbs = Blueprint("tag", __name__)

    @verbs.route("/posts/<post_id>/tags/<tag>", methods=["PUT", "DELETE"])
    @operation(TAGGING)
    def tag(post_id: str, tag: str) -> Response:
        tag, reader = checked_tag(tag), g.reader.username
        change = marks.tag if request.method == "PUT" else marks.untag
        return reply({"post": post_id, "tags": change(reader, post_id, posts.find(post_id)["topic"], tag)})

    return verbs


def queries(posts: Posts, marks: Marks, show: Show, page_schema: Schema) -> Blueprint:
    """Make the verbs that list a reader's tags, and the posts with a tag. `show` is as in `lists`."""
    verbs = Blueprint("tagged", __name__)
    tagged_posts = Operation(
        "The posts the reader put this tag on, newest first",
        {200: page_schema},
        query=params.PAGING_SCHEMAS,
        path={"tag": TAG_SCHEMA},
        reader=True,
    )

    @verbs.get("/tags")
    @operation(TAGS)
    def tags() -> Response:
        page = params.page()
        return reply(as_collection(marks.tags(g.reader.username, page), page, "Your tags"))

    @verbs.get("/tags/<tag>")
    @operation(tagged_posts)
    def tagged(tag: str) -> Response:
        reader, page, tag = g.reader.username, params.page(), checked_tag(tag)
        found = posts.among(marks.tagged(reader, tag), page)
        shown = Found(show(found.items, reader), found.total, found.more)
        return reply(as_collection(shown, page, f"Tagged {tag}"))

    return verbs
