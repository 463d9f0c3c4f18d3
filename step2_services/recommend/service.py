"""Recommend: much loved posts, for a reader first those that share what they tagged and liked."""

from kit.changes import Copy
from kit.model.marks import Marks
from kit.model.posts import Posts
from kit.service import Service
from kit.single import Single, own_database, single_service
from kit.verbs import recommend
from step2_services.recommend import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("recommend")
    posts, marks = Posts(database["posts"]), Marks(database["marks"])
    takes = {
        kind: Copy(marks.collection, (*settings.MARK, field), own=(field,))
        for kind, field in settings.MARKS.items()
    }
    return single_service(
        Single(
            name="recommend",
            title="Recommend",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            takes={"posts": Copy(posts.collection, settings.POSTS, settings.TIMES), **takes},
        ),
        recommend.make_blueprint(posts, marks, shows_marks=False),
    )
