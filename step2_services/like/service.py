"""Like: the owner of what readers like, and of how many do."""

from kit.changes import Copy, Feed
from kit.domain.marks import counts, like
from kit.domain.marks import lists as marked
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.mongo.document_schema import MARK_SCHEMA
from kit.service import Service
from kit.single import Single, make_service, own_database
from step2_services.like import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("like")
    posts, marks = Posts(database["posts"]), Marks(database["marks"])
    return make_service(
        Single(
            name="like",
            title="Like",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            tells={"likes": Feed(marks.collection, settings.LIKES, MARK_SCHEMA.find_problem)},
            takes={"posts": Copy(posts.collection, settings.POSTS)},
        ),
        like.make_blueprint(posts, marks),
        marked.likes(posts, marks, marked.as_known, marked.page_of_known(*settings.POSTS)),
        counts.make_blueprint(lambda reader: {"likes": marks.counts(reader)["likes"]}),
    )
