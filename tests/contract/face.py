"""What the suite knows about the face that it tests."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.mailbox import Mailbox


@dataclass(frozen=True)
class Face:
    """A base URL, the seconds until other readers must see a write, caught mail, and a way to load posts."""

    url: str
    deadline: float
    mail: Mailbox
    load: Callable[..., str]
    """Calls `workshop load` with these arguments."""
    database_port: int
    """A port of 127.0.0.1 that the face can reach and that no client may make it fetch from."""
    sees_image_site: bool = True
    """Whether it may fetch from the suite's own image site."""
