"""Which file somebody means who names one for `make load FILE=…`."""

import os
from collections.abc import Iterator
from pathlib import Path

CALLED_FROM = "LOAD_FROM"
"""Where make was called, in the environment: with `make -C` it is not where the workshop runs."""


def named(text: str) -> Path:
    """The file of that name: relative to where make was called, else to here. Where none is called just so,
    `~` and `$NAME` are taken as shells take them, which they do not do everywhere, and `$$` as make does.
    """
    for path in _meant(text):
        if path.exists():
            return path
    return Path(text)


def _meant(text: str) -> Iterator[Path]:
    asked = [text, text.replace("$$", "$")]
    asked += [os.path.expandvars(os.path.expanduser(each)) for each in asked]  # noqa: PTH111 - as text
    for each in asked:
        yield Path(os.environ.get(CALLED_FROM) or ".", each)
        yield Path(each)
