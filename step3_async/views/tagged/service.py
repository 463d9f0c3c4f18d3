"""Tagged: what a reader has tagged, liked and hidden, and the posts of each kind."""

from collections.abc import Sequence
from typing import Any

from kit.model.fit import A_POST
from kit.model.marks import Marks
from kit.model.post import as_post
from kit.model.posts import Posts
from kit.mongo import Document
from kit.operations import POSTS
from kit.service import Service
from kit.single import own_database
from kit.verbs import counts, marked, tag
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.views.tagged import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("tagged")
    posts = Posts(database["posts"], "_created", "_updated", unfit=A_POST.unfit)
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
            paths=settings.PATHS,
            ponds=(ponds.posts(database), *ponds.marks(database), ponds.revoked(database)),
        ),
        tag.questions(posts, marks, shown, POSTS),
        marked.likes(posts, marks, shown, POSTS),
        marked.hidden(posts, marks, shown, POSTS),
        counts.make_blueprint(marks.counts),
    )
