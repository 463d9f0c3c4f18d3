"""Errors of a load and of single records."""

from dataclasses import dataclass

import click


class LoadError(click.ClickException):
    """The load cannot go on. The message says what is wrong and what to do."""


class BadRecord(Exception):
    """A record cannot become a post. The message says why in a few plain words."""


class NotAPost(Exception):
    """A valid record of another kind, such as a comment or an answer. The message names the kind."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that was left out: where it is (`line 12`), why, and whether it is bad or just not a post."""

    where: str
    reason: str
    bad: bool = True
