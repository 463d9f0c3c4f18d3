"""Tag: the owner of readers' tags."""

from kit.changes import Copy, Feed
from kit.domain.marks import counts, tag
from kit.domain.marks import lists as marked
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.mongo.document_schema import MARK_SCHEMA
from kit.service import Service
from kit.single import Single, make_service, own_database
from step2_services.tag import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("tag")
    posts, marks = Posts(database["posts"]), Marks(database["marks"])
    return make_service(
        Single(
            name="tag",
            title="Tag",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            tells={"tags": Feed(marks.collection, settings.TAGS, MARK_SCHEMA.find_problem)},
            takes={"posts": Copy(posts.collection, settings.POSTS, settings.TIMES)},
        ),
        tag.make_blueprint(posts, marks, marked.as_known, marked.page_of_known(*settings.POSTS)),
        counts.make_blueprint(lambda reader: {"tags": marks.counts(reader)["tags"]}),
    )
