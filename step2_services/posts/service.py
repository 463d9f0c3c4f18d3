"""Posts: the owner of all posts; lists them, and shows one."""

from kit.changes import Copy, Feed
from kit.domain.marks.collection import Marks
from kit.domain.posts.resource import leave_out_hidden
from kit.mongo.document_schema import POST_SCHEMA
from kit.service import Service
from kit.single import Single, make_service, own_database
from step2_services.posts import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("posts")
    marks = Marks(database["marks"])
    app = make_service(
        Single(
            name="posts",
            title="Posts",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            tells={"posts": Feed(database["posts"], settings.TOLD, POST_SCHEMA.find_problem)},
            takes={"hides": Copy(marks.collection, settings.HIDES)},
        )
    )
    leave_out_hidden(app, "posts", marks)
    return app
