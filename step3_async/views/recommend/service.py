"""Recommend: much loved posts, for a reader first those that share what they tagged and liked."""

from kit.model.fit import A_POST
from kit.model.marks import Marks
from kit.model.posts import Posts
from kit.service import Service
from kit.single import own_database
from kit.verbs import recommend
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.rapids.pond import Pond
from step3_async.views.recommend import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("recommend")
    posts, marks = Posts(database["posts"], unfit=A_POST.unfit), Marks(database["marks"])
    return event_service(
        Hosted(
            name="recommend",
            title="Recommend",
            tags=("kind:view", "verb:recommend"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            paths=(
                AnnouncedPath(template="/recommended", composition="marks on items"),
                "/topics",
            ),
            ponds=(
                Pond(posts.collection, "posts", settings.POSTS, settings.TIMES),
                *ponds.marks(database),
                ponds.revoked(database),
            ),
            same=settings.SAME,
        ),
        recommend.make_blueprint(posts, marks, shows_marks=False),
    )
