"""What can be wrong with a load, and with one record of it."""

from dataclasses import dataclass

import click


class LoadError(click.ClickException):
    """The load cannot go on; its text tells people what is wrong and what to do."""


class BadRecord(Exception):
    """One record cannot become a post; its text says why in a few plain words."""


class NotAPost(Exception):
    """A sound record of another kind, such as a comment or an answer; its text says which."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that was left out: where it stands (`line 12`), why, and if it is bad or just no post."""

    where: str
    reason: str
    bad: bool = True
