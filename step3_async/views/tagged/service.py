"""Tagged: what a reader has tagged, liked and hidden, and the posts of each kind."""

from collections.abc import Sequence
from typing import Any

from kit.domain.marks import counts, tag
from kit.domain.marks import lists as marked
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import as_post
from kit.http.operations import POSTS
from kit.mongo.client import Document
from kit.mongo.document_schema import POST_SCHEMA
from kit.service import Service
from kit.single import own_database
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.views.tagged import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("tagged")
    posts = Posts(database["posts"], "_created", "_updated", find_problem=POST_SCHEMA.find_problem)
    marks = Marks(database["marks"])

    def shown(found: Sequence[Document], reader: str) -> list[Any]:
        return list(marks.put_on([as_post(each) for each in found], reader))

    return event_service(
        Hosted(
            name="tagged",
            title="Tagged",
            tags=("kind:view", "verb:tagged"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            ponds=(ponds.posts(database), *ponds.marks(database), ponds.revoked(database)),
        ),
        tag.questions(posts, marks, shown, POSTS),
        marked.likes(posts, marks, shown, POSTS),
        marked.hidden(posts, marks, shown, POSTS),
        counts.make_blueprint(marks.counts),
    )
