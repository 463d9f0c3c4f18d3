"""Images: pictures of posts, fetched from their sites and kept."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.pictures import images
from kit.domain.pictures.cache import ImageCache, Images
from kit.domain.pictures.fetch import Fetcher
from kit.domain.pictures.resource import PICTURES
from kit.domain.posts.collection import Posts
from kit.mongo.indexes import Indexes
from kit.service import Service, own_database
from kit.settings import PictureSettings
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.rapids.pond import Pond

DOMAIN = {"pictures": PICTURES}

INDEXES: Indexes = {"image_misses": MODEL["image_misses"]}

POSTS = ("thumbnail", "url")
"""The fields of a post with the addresses that its picture may have."""

SAME_FOR_VISITORS = {"images.image": "posts"}


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("images")
    posts = Posts(database["posts"])
    pictures = PictureSettings.read()
    fetcher = Fetcher(pictures.max_bytes, pictures.allowed_hosts)
    return make_service(
        "images",
        database,
        tags=("kind:view", "verb:image"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=(AnnouncedPath(template="/images/{post}", face="any", seconds=9.0),),
        ponds=(Pond(posts.collection, "posts", POSTS),),
        verbs=[images.make_blueprint(Images(ImageCache(database), fetcher), posts)],
        same_for_visitors=SAME_FOR_VISITORS,
    )
