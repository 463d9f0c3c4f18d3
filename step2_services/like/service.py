"""Like: the owner of what readers like, and of how many do."""

from kit.changes import Copy, Feed
from kit.model.fit import A_MARK
from kit.model.marks import Marks
from kit.model.posts import Posts
from kit.service import Service
from kit.single import Single, own_database, single_service
from kit.verbs import counts, like, marked
from step2_services.like import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("like")
    posts, marks = Posts(database["posts"]), Marks(database["marks"])
    return single_service(
        Single(
            name="like",
            title="Like",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            tells={"likes": Feed(marks.collection, settings.LIKES, A_MARK.unfit)},
            takes={"posts": Copy(posts.collection, settings.POSTS)},
        ),
        like.make_blueprint(posts, marks),
        marked.likes(posts, marks, marked.as_known, marked.page_of_known(*settings.POSTS)),
        counts.make_blueprint(lambda reader: {"likes": marks.counts(reader)["likes"]}),
    )
