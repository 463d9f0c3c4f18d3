"""Search, in two versions that may run at once: their answers differ in order, their store does not."""

from kit import environment
from kit.changes import Copy
from kit.domain.marks.collection import Marks
from kit.domain.posts.resource import leave_out_hidden
from kit.domain.search.resource import match_words, search_resource
from kit.service import Service
from kit.single import Single, make_service, own_database
from step2_services.search import settings


def make_app() -> Service:
    """The service, in the version that the environment names."""
    database = own_database("search")
    marks = Marks(database["marks"])
    order, summary = settings.VERSIONS[environment.get_version()]
    app = make_service(
        Single(
            name="search",
            title="Search",
            database=database,
            domain={"search": search_resource(order, summary)},
            indexes=settings.INDEXES,
            takes={
                "posts": Copy(database["posts"], settings.POSTS, settings.TIMES),
                "hides": Copy(marks.collection, settings.HIDES),
            },
        )
    )
    match_words(app)
    leave_out_hidden(app, "search", marks)
    return app
