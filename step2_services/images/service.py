"""Images: pictures of posts, fetched from their sites and kept."""

from kit import environment
from kit.changes import Copy
from kit.domain.pictures import images
from kit.domain.pictures.cache import ImageCache, Images
from kit.domain.pictures.fetch import Fetcher
from kit.domain.posts.collection import Posts
from kit.service import Service
from kit.single import Single, make_service, own_database
from step2_services.images import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("images")
    posts = Posts(database["posts"])
    fetcher = Fetcher(environment.get_image_max_bytes(), environment.get_image_allowed_hosts())
    return make_service(
        Single(
            name="images",
            title="Images",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            takes={"posts": Copy(posts.collection, settings.POSTS)},
        ),
        images.make_blueprint(Images(ImageCache(database), fetcher), posts),
    )
