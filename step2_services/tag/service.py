"""Tag: the owner of readers' tags."""

from kit.changes import Copy, Feed
from kit.model.fit import A_MARK
from kit.model.marks import Marks
from kit.model.posts import Posts
from kit.service import Service
from kit.single import Single, own_database, single_service
from kit.verbs import counts, marked, tag
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
            tells={"tags": Feed(marks.collection, settings.TAGS, A_MARK.unfit)},
            takes={"posts": Copy(posts.collection, settings.POSTS, settings.TIMES)},
        ),
        tag.make_blueprint(posts, marks, marked.as_known, marked.page_of_known(*settings.POSTS)),
        counts.make_blueprint(lambda reader: {"tags": marks.counts(reader)["tags"]}),
    )
