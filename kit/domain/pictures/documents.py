"""The address of the picture that a post may have, and a picture that was fetched."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from kit.domain.posts.documents import Post

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")


@dataclass(frozen=True)
class Image:
    """A fetched picture: its bytes, media type and entity tag."""

    content: bytes
    media_type: str
    etag: str


def picture_of(post: Post) -> str | None:
    """Return the address of the post's thumbnail, or of what it links to if that looks like a picture."""
    if post["thumbnail"].startswith(("http://", "https://")):
        return post["thumbnail"]
    try:
        path = urlsplit(post["url"]).path
    except ValueError:
        return None
    return post["url"] if path.lower().endswith(ENDINGS) else None


def has_image(post: Post) -> bool:
    """Return whether a page should request the post's picture."""
    return picture_of(post) is not None
