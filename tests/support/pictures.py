"""Generated pictures."""

import os
from functools import cache
from io import BytesIO

import PIL.Image

MEBIBYTE = 1024 * 1024
MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
FORMATS = {"jpg": "JPEG"}


@cache
def picture(ending: str) -> bytes:
    """Return a small picture in the format of this file ending."""
    made = BytesIO()
    image = PIL.Image.linear_gradient("L").resize((48, 36)).convert("RGB")
    image.save(made, FORMATS.get(ending, ending.upper()))
    return made.getvalue()


@cache
def noise(size: int) -> bytes:
    """Return a PNG of exactly `size` bytes (at least a MiB), valid although padding follows its end."""
    made = BytesIO()
    PIL.Image.frombytes("L", (size // 1200, 1000), os.urandom(size // 1200 * 1000)).save(made, "PNG")
    content = made.getvalue()
    assert len(content) <= size, "noise grew"
    return content + bytes(size - len(content))
