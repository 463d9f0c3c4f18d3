"""Problems: the errors that prevent a good response, each with its HTTP status and a text for people."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar


class Problem(Exception):
    """A reason why a request fails. Each subclass has the `status` of the response."""

    status: ClassVar[HTTPStatus]


class DependencyUnavailable(Problem):
    """A part that is needed cannot be reached. The client may try again after `retry_after` seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    part: str
    retry_after: int

    def __init__(self, part: str, retry_after: int = 2) -> None:
        super().__init__(f"{part} cannot be reached at the moment. Please try again shortly.")
        self.part = part
        self.retry_after = retry_after


class DependencyTimeout(Problem):
    """A part did not respond within its time."""

    status = HTTPStatus.GATEWAY_TIMEOUT
    part: str

    def __init__(self, part: str) -> None:
        super().__init__(f"{part} did not respond in time. Please try again.")
        self.part = part


class NotFound(Problem):
    """The requested thing does not exist."""

    status = HTTPStatus.NOT_FOUND


class NameTaken(Problem):
    """The username belongs to another member."""

    status = HTTPStatus.CONFLICT

    def __init__(self, name: str) -> None:
        super().__init__(f"The name {name} is taken; please choose another.")


class WrongCredentials(Problem):
    """Username and password do not belong together."""

    status = HTTPStatus.UNAUTHORIZED


class SignedOut(Problem):
    """A valid token is needed. The request has none, or its token is malformed, expired or revoked."""

    status = HTTPStatus.UNAUTHORIZED


class Unprocessable(Problem):
    """A value breaks its rule; `issues` says which field and why."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    issues: dict[str, str]

    def __init__(self, issues: Mapping[str, str]) -> None:
        super().__init__("Some values break their rules.")
        self.issues = dict(issues)


class TooManyRequests(Problem):
    """A rate limit is used up for the next `retry_after` seconds. `what` was too many, in the plural."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    retry_after: int

    def __init__(self, what: str, retry_after: int) -> None:
        super().__init__(f"Too many {what}. Please try again in {retry_after} s.")
        self.retry_after = retry_after


class Stale(Problem):
    """The sender's state is out of date, as somebody else has changed it meanwhile; it must be read again."""

    status = HTTPStatus.PRECONDITION_FAILED


class Gone(Problem):
    """It existed and does not any more."""

    status = HTTPStatus.GONE


class TooLarge(Problem):
    """The request contains more than can be processed at once; a smaller one may work."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Refused(Problem):
    """A request that is wrong as it is; the text says why."""

    status = HTTPStatus.BAD_REQUEST


_FORWARDED: tuple[type[Problem], ...] = (
    DependencyUnavailable,
    DependencyTimeout,
    NotFound,
    NameTaken,
    SignedOut,
    Unprocessable,
    TooManyRequests,
    Stale,
    Gone,
    TooLarge,
)


def problem_from_response(
    status: int, message: str, issues: Mapping[str, str] | None = None, retry_after: int = 2
) -> Problem | None:
    """Return the problem that another service's response describes, with its own text; None if it has
    none.
    """
    kind = next((each for each in _FORWARDED if each.status == status), None)
    if kind is None:
        return Refused(message) if 400 <= status < 500 and message else None
    problem = kind.__new__(kind)
    problem.args = (message,)
    values = {"issues": dict(issues or {}), "retry_after": retry_after, "part": "another service"}
    for name in kind.__annotations__.keys() & values.keys():
        setattr(problem, name, values[name])
    return problem
