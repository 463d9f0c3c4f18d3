"""A PRAW client with the user's credentials, and Reddit's errors in plain words."""

import configparser
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workshop.load.problems import LoadError

if TYPE_CHECKING:
    from praw import Reddit
    from prawcore import ResponseException

USER_AGENT = "python:stepping-stones:v0.1 (workshop loader)"
"""The user agent if the user has set none; its form: https://github.com/reddit-archive/reddit/wiki/API"""

CREDENTIALS = """\
make a "script" app at https://www.reddit.com/prefs/apps and set, in the environment or in praw.ini,
  praw_client_id=…      the short text under the app's name
  praw_client_secret=…  the app's secret
In praw.ini write them under [DEFAULT], without praw_ at the beginning. More about both ways:
https://praw.readthedocs.io/en/latest/getting_started/configuration.html"""


class Unreachable(LoadError):
    """Reddit did not respond at all. Another try may help."""


RATE_LIMITED = "Reddit refuses more requests for now. Try again in ten minutes; what is loaded stays."


def reddit_client() -> "Reddit":
    """Return the client that PRAW makes from the environment and praw.ini. Raises LoadError without
    credentials.
    """
    from praw import Reddit  # noqa: PLC0415 - slow to import
    from praw.config import Config  # noqa: PLC0415
    from praw.exceptions import MissingRequiredAttributeException  # noqa: PLC0415

    site = os.environ.get("praw_site") or "DEFAULT"  # noqa: SIM112 - PRAW's own spelling
    try:
        named = Config(site).user_agent
        agent = str(named) if named else USER_AGENT
        reddit = Reddit(site, check_for_updates=False, check_for_async=False, user_agent=agent)
    except MissingRequiredAttributeException:
        raise LoadError(f"Reddit's API needs credentials: {CREDENTIALS}") from None
    except configparser.NoSectionError:
        raise LoadError(f"praw_site is {site}, but no praw.ini has a section [{site}].") from None
    except (configparser.Error, ValueError) as problem:
        raise LoadError(f"praw.ini cannot be used: {problem}") from None
    reddit.read_only = True
    return reddit


@contextmanager
def translated_errors(name: str) -> Iterator[None]:
    """Turn the errors of Reddit and PRAW for subreddit `name` into LoadErrors, except TooManyRequests."""
    from praw.exceptions import PRAWException  # noqa: PLC0415
    from prawcore import (  # noqa: PLC0415
        BadJSON,
        OAuthException,
        PrawcoreException,
        Redirect,
        RequestException,
        ResponseException,
        TooManyRequests,
    )

    try:
        yield
    except TooManyRequests:
        raise
    except Redirect:
        raise LoadError(f"There is no {name}: Reddit redirects to its search instead.") from None
    except RequestException as problem:
        raise Unreachable(
            f"Reddit cannot be reached ({type(problem.original_exception).__name__}). "
            "Is this machine online, and does it need a proxy (HTTPS_PROXY)?"
        ) from None
    except OAuthException as problem:
        raise LoadError(f"Reddit refuses the credentials ({problem.error}): {CREDENTIALS}") from None
    except BadJSON:
        raise LoadError("Reddit's response is not understood: it is not JSON.") from None
    except ResponseException as problem:
        raise LoadError(_about(problem, name)) from None
    except KeyError as problem:
        # prawcore raises it for a refusal without a www-authenticate header.
        raise LoadError(f"Reddit refuses the credentials (HTTP {problem}): {CREDENTIALS}") from None
    except (PrawcoreException, PRAWException, ValueError, TypeError, AttributeError) as problem:
        raise LoadError(
            f"Reddit's response is not understood ({type(problem).__name__}: {problem})."
        ) from None


def _about(problem: "ResponseException", name: str) -> str:
    status = problem.response.status_code
    reason = _reason(problem)
    if status >= 500:
        return f"Reddit has a problem of its own (HTTP {status}). Try again later; what is loaded stays."
    if status == 429:
        return RATE_LIMITED
    if status == 401 or "/api/v1/access_token" in problem.response.url:
        return f"Reddit refuses the credentials (HTTP {status}): {CREDENTIALS}"
    if status == 403 and reason in {"", "private"}:
        return f"{name} is private: only its members can read it."
    if status == 404 and not reason:
        return f"There is no {name}."
    return f"{name} cannot be read: Reddit says it is {reason or 'out of reach'} (HTTP {status})."


def _reason(problem: "ResponseException") -> str:
    try:
        body = problem.response.json()
    except ValueError:
        return ""
    return str(body.get("reason") or "")[:60] if isinstance(body, dict) else ""
