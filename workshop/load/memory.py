"""How much memory MongoDB is to have for the posts that there are."""

import math

from workshop.stores.mongod import cache_gb

CACHE_PER_BYTE = 12
"""How many times as large as the posts MongoDB's cache is to be, not to slow down while they are copied: with
0.25 GB copying slowed down at some 35,000 generated posts, which have 25 MB.
"""


def advice(size: int) -> str | None:
    """What to set for posts of so many bytes, if it is more than is set. Raises click.ClickException for a
    setting that is no number.
    """
    wanted = CACHE_PER_BYTE * size / 2**30
    if wanted <= float(cache_gb()):
        return None
    rounded = math.ceil(2 * wanted) / 2
    return (
        f"MongoDB's cache has {cache_gb()} GB, which is little for so many posts: services that copy them go "
        f"on, but slowly. Start the step with MONGO_CACHE_GB={rounded:g} to be quick."
    )
