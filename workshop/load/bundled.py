"""The posts a step shows before anybody has loaded other ones."""

from typing import Any

from pymongo.collection import Collection


def load_bundled(collection: Collection[dict[str, Any]], size: int = 2000) -> int:
    """Load `size` generated posts if the collection is empty or an earlier such load was interrupted.

    Returns how many are new. Raises LoadError when MongoDB stays away.
    """
    from workshop.load.checkpoint import Checkpoint  # noqa: PLC0415
    from workshop.load.generate import GeneratedSource  # noqa: PLC0415
    from workshop.load.loading import Loading  # noqa: PLC0415

    source = GeneratedSource(size)
    if (
        collection.find_one({}, {"_id": 1}) is not None
        and not Checkpoint(collection, source.identity).reached()
    ):
        return 0
    return Loading(source, collection).run().new
