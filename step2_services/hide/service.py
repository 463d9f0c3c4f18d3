"""Hide: the owner of what readers hid."""

from kit.changes import Copy, Feed
from kit.model.fit import A_MARK
from kit.model.marks import Marks
from kit.model.posts import Posts
from kit.service import Service
from kit.single import Single, own_database, single_service
from kit.verbs import counts, hide, marked
from step2_services.hide import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("hide")
    posts, marks = Posts(database["posts"]), Marks(database["marks"])
    return single_service(
        Single(
            name="hide",
            title="Hide",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            tells={"hides": Feed(marks.collection, settings.HIDES, A_MARK.unfit)},
            takes={"posts": Copy(posts.collection, settings.POSTS)},
        ),
        hide.make_blueprint(posts, marks),
        marked.hidden(posts, marks, marked.as_known, marked.page_of_known(*settings.POSTS)),
        counts.make_blueprint(lambda reader: {"hidden": marks.counts(reader)["hidden"]}),
    )
