"""Posts whose pictures can be fetched, and posts whose pictures must not or cannot be fetched."""

from tests.support.image_site import ImageSite
from tests.support.pictures import MEDIA_TYPES

PRIVATE = {
    "localhost": "http://localhost:{port}/private-{case}.png",
    "other-loopback": "http://127.0.0.2:{port}/private-{case}.png",
    "any-address": "http://0.0.0.0:{port}/private-{case}.png",
    "ipv6": "http://[::1]:{port}/private-{case}.png",
    "ipv4-in-ipv6": "http://[::ffff:127.0.0.1]:{port}/private-{case}.png",
    "decimal": "http://2130706433:{port}/private-{case}.png",
    "hexadecimal": "http://0x7f000001:{port}/private-{case}.png",
    "short": "http://127.1:{port}/private-{case}.png",
    "default-port": "http://127.0.0.1/private-{case}.png",
    "metadata": "http://169.254.169.254/latest/meta-data/private-{case}.png",
    "ten": "http://10.0.0.1/private-{case}.png",
    "user": "http://somebody@127.0.0.1:{port}/private-{case}.png",
    "redirect-to-name": "{site}/redirect?to=http://localhost:{port}/private-{case}.png",
    "redirect-to-database": "{site}/redirect?to=http://127.0.0.1:{database}/",
    "redirect-to-file": "{site}/redirect?to=file:///etc/passwd",
}
"""Addresses that must not be fetched: the image site is allowed only as 127.0.0.1 with its port."""

NO_PICTURE = {"broken", "page", "cut", "empty", "drawing", "gone", "gone-picture"}
"""Names of other things that the image site has instead of pictures."""


def picture_cases(images: ImageSite, closed_port: int, database_port: int) -> dict[str, dict[str, str]]:
    """Return the fields of a submission for each case."""
    site = images.url
    page = f"{site}/page.html"
    places = {"site": site, "port": images.host.partition(":")[2], "database": str(database_port)}
    thumbnails = {
        **{ending: f"{site}/thumb.{ending}" for ending in MEDIA_TYPES},
        **{case: f"{site}/{case}.png" for case in NO_PICTURE},
        **{case: template.format_map({**places, "case": case}) for case, template in PRIVATE.items()},
        "mislabelled": f"{site}/mislabelled.png",
        "largest": f"{site}/largest.png",
        "too-large": f"{site}/too-large.png",
        "large": f"{site}/large.png",
        "large-unannounced": f"{site}/large-unannounced.png",
        "svg": f"{site}/drawing.svg",
        "redirected": f"{site}/redirect?to=/redirected.png",
        "hops": f"{site}/hops/2.png",
        "loop": f"{site}/loop.png",
        "slow": f"{site}/slow.png",
        "silent": f"{site}/silent.png",
        "unreachable": f"http://127.0.0.1:{closed_port}/picture.png",
        "cached": f"{site}/cached.png",
        "etag": f"{site}/etag.png",
    }
    return {
        **{case: {"thumbnail": address, "url": page} for case, address in thumbnails.items()},
        "linked": {"thumbnail": "self", "url": f"{site}/linked.jpg"},
        "linked-query": {"thumbnail": "", "url": f"{site}/linked.gif?size=9"},
        "preferred": {"thumbnail": f"{site}/preferred.webp", "url": f"{site}/not-preferred.png"},
        "none": {"thumbnail": "default", "url": page},
        "adult": {"thumbnail": "nsfw", "url": page},
    }
