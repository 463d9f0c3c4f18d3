"""Pictures of posts, fetched from their sites and kept in GridFS."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gridfs import GridFS
from gridfs.errors import FileExists, NoFile
from pymongo.database import Database

from kit.domain.pictures.documents import Image, picture_of
from kit.domain.pictures.fetch import Fetcher, Unfetchable
from kit.domain.posts.documents import Post
from kit.http.problems import DependencyTimeout, DependencyUnavailable, NotFound
from kit.mongo.client import Document, translated

UNFETCHABLE_SECONDS = 300
UNREACHABLE_SECONDS = 30


class ImageCache:
    """Keeps pictures by post. It also remembers for a while why a post has none (a miss), so that the picture
    is not fetched again for each page.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._files = GridFS(database, "images")
        self._misses = database["image_misses"]

    @translated
    def get(self, post_id: str) -> Image | None:
        """Find the cached picture, if there is one."""
        try:
            file = self._files.get(post_id)
        except NoFile:
            return None
        metadata = file.metadata or {}
        return Image(file.read(), metadata["media_type"], metadata["etag"])

    @translated
    def put(self, post_id: str, image: Image) -> None:
        """Store a picture. If another request has just done so, that one stays."""
        metadata = {"media_type": image.media_type, "etag": image.etag}
        try:
            self._files.put(image.content, _id=post_id, filename=post_id, metadata=metadata)
        except FileExists:
            return

    @translated
    def raise_miss(self, post_id: str) -> None:
        """Raise the error that is remembered for this post, if there is one."""
        found = self._misses.find_one({"_id": post_id, "until": {"$gt": datetime.now(UTC)}})
        if found and found["down"]:
            raise DependencyUnavailable(found["down"], retry_after=UNREACHABLE_SECONDS)
        if found:
            raise NotFound(found["why"])

    @translated
    def put_miss(self, post_id: str, error: NotFound | DependencyUnavailable | DependencyTimeout) -> None:
        """Remember why there is no picture: for long if there is none at its address, for a short time if the
        site was away.
        """
        down = None if isinstance(error, NotFound) else error.part
        until = datetime.now(UTC) + timedelta(seconds=UNREACHABLE_SECONDS if down else UNFETCHABLE_SECONDS)
        self._misses.replace_one(
            {"_id": post_id}, {"why": str(error), "down": down, "until": until}, upsert=True
        )


class Images:
    """The pictures: cached ones, else fetched while the reader waits."""

    def __init__(self, cache: ImageCache, fetcher: Fetcher) -> None:
        self._cache = cache
        self._fetcher = fetcher

    def of(self, post_id: str, post: Callable[[], Post]) -> Image:
        """Return the picture of a post; `post` is called only if there is none in the cache.

        Raises NotFound, or DependencyUnavailable and DependencyTimeout for the picture's site.
        """
        if cached := self._cache.get(post_id):
            return cached
        self._cache.raise_miss(post_id)
        address = picture_of(post())
        if address is None:
            raise NotFound("This post has no picture.")
        try:
            image = self._fetcher.fetch(address)
        except Unfetchable as error:
            self._cache.put_miss(post_id, NotFound(str(error)))
            raise NotFound(str(error)) from error
        except (DependencyUnavailable, DependencyTimeout) as error:
            self._cache.put_miss(post_id, error)
            raise
        self._cache.put(post_id, image)
        return image
