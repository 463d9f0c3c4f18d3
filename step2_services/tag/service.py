"""Tag: the owner of readers' tags."""

from collections.abc import Sequence
from typing import Any

from kit.changes import Copy, Feed
from kit.model.marks import Marks
from kit.model.post import as_post
from kit.model.posts import Posts
from kit.mongo import Document
from kit.service import Service
from kit.single import Single, own_database, single_service
from kit.verbs import counts, tag
from step2_services.tag import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("tag")
    posts, marks = Posts(database["posts"]), Marks(database["marks"])
    return single_service(
        Single(
            name="tag",
            title="Tag",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            tells={"tags": Feed(marks.collection, settings.TAGS)},
            takes={"posts": Copy(posts.collection, settings.POSTS, settings.TIMES)},
        ),
        tag.make_blueprint(posts, marks, _as_known_here, settings.TAGGED),
        counts.make_blueprint(lambda reader: {"tags": marks.counts(reader)["tags"]}),
    )


def _as_known_here(found: Sequence[Document], _reader: str) -> list[Any]:
    return [as_post(each) for each in found]
