"""The views that show posts: lists, single posts, search, recommendations and pictures."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, g, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from kit.domain.parameters import read_query, read_topic
from kit.domain.posts.documents import POST_ID, RECOMMENDED, Post
from kit.http import params
from kit.http.collections import Found, Page, as_collection, as_single_page, page_urls
from kit.http.gaps import note_gap
from kit.http.problems import DependencyTimeout, DependencyUnavailable, NotFound
from step0_monolith.http.negotiation import represent, wants_html
from step0_monolith.store import Store


def checked_id(post_id: str) -> str:
    """Return `post_id` if it has the form of one. Raises NotFound before the store gets a request."""
    if not re.fullmatch(POST_ID, post_id):
        raise NotFound("There is no such post.")
    return post_id


def likes_shown(store: Store, posts: Sequence[Post]) -> Mapping[str, int]:
    """Return how many readers like each of the posts, for a reader's page."""
    # Where it is unknown whether the reader likes them, the part that counts likes is away.
    if g.reader is None or not wants_html() or not posts or "liked" not in posts[0]:
        return {}
    try:
        return store.likes([post["_id"] for post in posts], g.reader)
    except (DependencyUnavailable, DependencyTimeout):
        note_gap("The part that counts likes")
        return {}


def represent_posts(
    store: Store, found: Found[Post], page: Page, title: str, kind: str, **query: Any
) -> Response:
    """Represent a page of posts; `kind` is list, search, tagged, likes or hidden."""
    in_query = {name: value for name, value in query.items() if name == "q"}
    return represent(
        as_collection(found, page, title, in_query),
        "posts.html",
        title=title,
        posts=found.items,
        likes=likes_shown(store, found.items),
        total=found.total,
        more=found.more,
        reason=found.reason,
        page=page.number,
        max_results=page.size,
        kind=kind,
        q=query.get("q"),
        tag=query.get("tag"),
        **page_urls(found, page, in_query),
    )


def make_blueprint(store: Store) -> Blueprint:
    """Make the views over `store`."""
    views = Blueprint("posts", __name__)

    @views.get("/")
    def index() -> Response:
        params.allow_only(*params.PAGING)
        page = params.page()
        return represent_posts(store, store.list_posts(page, g.reader), page, "Newest posts", "list")

    @views.get("/search")
    def search() -> Response:
        params.allow_only("q", *params.PAGING)
        query, page = read_query(), params.page()
        found = store.search(query, page, g.reader)
        return represent_posts(store, found, page, "Search", "search", q=query)

    @views.get("/authors/<author>")
    def by_author(author: str) -> Response:
        params.allow_only(*params.PAGING)
        page = params.page()
        found = store.by_author(author, page, g.reader)
        return represent_posts(store, found, page, f"Posts by {author}", "author")

    @views.get("/posts/<post_id>")
    def show(post_id: str) -> AnyResponse:
        params.allow_only()
        post = store.post(checked_id(post_id), g.reader)
        response = represent(dict(post), "post.html", post=post, likes=likes_shown(store, [post]))
        if not wants_html():
            response.set_etag(post["_etag"])
        return response.make_conditional(request)

    @views.get("/recommended")
    def recommended() -> Response:
        params.allow_only("topic")
        topic = read_topic()
        posts = store.recommended(topic, g.reader)
        query = {"topic": topic} if topic else {}
        payload = as_single_page(posts, RECOMMENDED, "Recommended", query)
        topics = store.topics() if wants_html() else []
        likes = likes_shown(store, posts)
        return represent(payload, "recommended.html", posts=posts, likes=likes, topic=topic, topics=topics)

    @views.get("/images/<post_id>")
    def image(post_id: str) -> AnyResponse:
        params.allow_only()
        found = store.image(checked_id(post_id))
        response = make_response(found.content)
        response.mimetype = found.media_type
        response.set_etag(found.etag)
        response.cache_control.public = True
        response.cache_control.max_age = 86400
        return response.make_conditional(request)

    return views
