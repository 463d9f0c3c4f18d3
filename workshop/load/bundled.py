"""The posts a step shows before anybody has loaded other ones."""

from threading import Event
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.collection import Collection


def load_bundled(collection: "Collection[dict[str, Any]]", size: int = 2000) -> int:
    """Load `size` generated posts if the collection is empty or an earlier such load was interrupted.

    Returns how many are new. Raises LoadError when MongoDB stays away.
    """
    from workshop.load.checkpoint import Checkpoint  # noqa: PLC0415
    from workshop.load.generate import GeneratedSource  # noqa: PLC0415
    from workshop.load.loading import Loading  # noqa: PLC0415
    from workshop.load.patience import patiently  # noqa: PLC0415
    from workshop.load.progress import Quiet  # noqa: PLC0415

    source = GeneratedSource(size)

    def wanted() -> bool:
        empty = collection.find_one({}, {"_id": 1}) is None
        return empty or Checkpoint(collection, source.identity).reached() is not None

    if not patiently(wanted, Event(), Quiet().note):
        return 0
    return Loading(source, collection).run().new
