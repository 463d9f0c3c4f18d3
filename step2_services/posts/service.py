"""Posts: the owner of all posts; lists them, and shows one."""

from kit.changes import Copy, Feed
from kit.model.fit import A_POST
from kit.model.marks import Marks
from kit.resources.posts import leave_out_hidden
from kit.service import Service
from kit.single import Single, own_database, single_service
from step2_services.posts import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("posts")
    marks = Marks(database["marks"])
    app = single_service(
        Single(
            name="posts",
            title="Posts",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            tells={"posts": Feed(database["posts"], settings.TOLD, A_POST.unfit)},
            takes={"hides": Copy(marks.collection, settings.HIDES)},
        )
    )
    leave_out_hidden(app, "posts", marks)
    return app
