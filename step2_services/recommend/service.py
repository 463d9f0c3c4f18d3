"""Recommend: much loved posts, for a reader first those that share what they tagged and liked."""

from kit.changes import Copy
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.domain.recommend import recommend
from kit.service import Service
from kit.single import Single, make_service, own_database
from step2_services.recommend import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("recommend")
    posts, marks = Posts(database["posts"]), Marks(database["marks"])
    takes = {
        kind: Copy(marks.collection, (*settings.MARK, field), own=(field,))
        for kind, field in settings.MARKS.items()
    }
    return make_service(
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
