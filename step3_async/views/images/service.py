"""Images: pictures of posts, fetched from their sites and kept."""

from kit.domain.pictures import images
from kit.domain.pictures.cache import ImageCache, Images
from kit.domain.pictures.fetch import Fetcher
from kit.domain.posts.collection import Posts
from kit.service import Service, own_database
from kit.settings import PictureSettings
from step3_async.rapids.hosting import ponds
from step3_async.rapids.hosting.service import Hosted, event_service
from step3_async.rapids.pond import Pond
from step3_async.views.images import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("images")
    posts = Posts(database["posts"])
    pictures = PictureSettings.read()
    fetcher = Fetcher(pictures.max_bytes, pictures.allowed_hosts)
    return event_service(
        Hosted(
            name="images",
            title="Images",
            tags=("kind:view", "verb:image"),
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            ponds=(Pond(posts.collection, "posts", settings.POSTS), ponds.revoked(database)),
            same=settings.SAME,
        ),
        images.make_blueprint(Images(ImageCache(database), fetcher), posts),
    )
