"""Recommend: much loved posts, for a reader first those that share what they tagged and liked."""

from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import POST_SCHEMA
from kit.domain.recommend import recommend
from kit.service import Service, own_database
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.rapids.pond import Pond
from step3_async.views.recommend import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("recommend")
    posts, marks = Posts(database["posts"], find_problem=POST_SCHEMA.find_problem), Marks(database["marks"])
    return event_service(
        Hosted(
            name="recommend",
            title="Recommend",
            tags=("kind:view", "verb:recommend"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            ponds=(
                Pond(posts.collection, "posts", settings.POSTS, settings.TIMES),
                *ponds.marks(database),
                ponds.revoked(database),
            ),
            same=settings.SAME,
        ),
        recommend.make_blueprint(posts, marks, shows_marks=False),
    )
