"""The posts that a step shows before anybody has loaded others."""

from threading import Event
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.collection import Collection


def load_bundled(collection: "Collection[dict[str, Any]]", size: int = 2000) -> int:
    """Load `size` generated posts if the collection is empty or an earlier load of them was interrupted.

    Returns how many are new. Raises LoadError when MongoDB is unavailable for too long.
    """
    from workshop.load.generate import GeneratedSource  # noqa: PLC0415
    from workshop.load.loading import Loading  # noqa: PLC0415
    from workshop.load.progress import NoProgress  # noqa: PLC0415
    from workshop.load.writing.checkpoint import Checkpoint  # noqa: PLC0415
    from workshop.load.writing.retry import retry_while_unavailable  # noqa: PLC0415

    source = GeneratedSource(size)

    def wanted() -> bool:
        empty = collection.find_one({}, {"_id": 1}) is None
        return empty or Checkpoint(collection, source.identity).read() is not None

    if not retry_while_unavailable(wanted, Event(), NoProgress().note):
        return 0
    return Loading(source, collection).run().new
