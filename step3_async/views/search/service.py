"""Search, in two versions that may run at once: their answers differ in order, their pond does not."""

from kit.domain.marks.collection import Marks
from kit.domain.marks.resource import leave_out_hidden
from kit.domain.posts.documents import WORDS
from kit.domain.search.resource import match_words, search_resource
from kit.service import Service, own_database
from kit.settings import ServiceSettings
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.views.search import settings


def make_app() -> Service:
    """The service, in the version that the environment names."""
    database = own_database("search")
    marks = Marks(database["marks"])
    order, summary = settings.VERSIONS[ServiceSettings.read().version]
    app = event_service(
        Hosted(
            name="search",
            title="Search",
            tags=("kind:view", "verb:search"),
            database=database,
            domain={"search": search_resource(order, summary)},
            indexes=settings.INDEXES,
            ponds=(ponds.posts(database, WORDS), ponds.hidden(database), ponds.revoked(database)),
            same=settings.SAME,
        )
    )
    match_words(app)
    leave_out_hidden(app, "search", marks)
    return app
