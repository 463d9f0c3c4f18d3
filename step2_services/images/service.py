"""Images: pictures of posts, fetched from their sites and kept."""

from kit.domain.indexes import INDEXES
from kit.domain.pictures import images
from kit.domain.pictures.cache import ImageCache, Images
from kit.domain.pictures.fetch import Fetcher
from kit.domain.pictures.resource import PICTURES
from kit.domain.posts.collection import Posts
from kit.service import Service, own_database
from kit.settings import PictureSettings
from step2_services.replication import Copy
from step2_services.service_factory import make_service

POSTS = ("thumbnail", "url")
"""The fields of a post with the addresses that its picture may have."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("images")
    posts = Posts(database["posts"])
    pictures = PictureSettings.read()
    fetcher = Fetcher(pictures.max_bytes, pictures.allowed_hosts)
    return make_service(
        "images",
        database,
        resources={"pictures": PICTURES},
        indexes={"image_misses": INDEXES["image_misses"]},
        copies={"posts": Copy(posts.collection, POSTS)},
        verbs=[images.make_blueprint(Images(ImageCache(database), fetcher), posts)],
    )
