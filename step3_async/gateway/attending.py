"""Attending to a request that the cache has no answer to."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog

from kit.clients.discovery import JWKS
from kit.http.errors import error_body
from kit.http.problems import DependencyUnavailable, Problem
from step3_async.gateway import metrics, tracing
from step3_async.gateway.answers import Answers, route_name
from step3_async.gateway.bodies import Disconnected, Receive, has_body, read_body
from step3_async.gateway.cache import Entry, Key
from step3_async.gateway.conditions import as_conditions_say
from step3_async.gateway.flights import Flights
from step3_async.gateway.messages import COMMAND, DEPENDS_ON, READING, Answer, Asked
from step3_async.gateway.problems import as_answer, as_json
from step3_async.gateway.reception import Arrival, Reception, Scope, require_sound
from step3_async.gateway.watching import WhileConnected

CACHED = "cached"
"""What metrics call the route of an answer from the cache."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class Visit:
    """A request as the server has read it; with a `key` where the answer may be the same for all."""

    scope: Scope
    receive: Receive
    arrival: Arrival
    started: float
    request_id: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    key: Key | None = None
    route: str = CACHED


class Attending:
    """Has `answers` answer, at most `most` requests from outside at a time, once their bodies have come."""

    def __init__(
        self,
        reception: Reception,
        answers: Answers,
        flights: Flights,
        *,
        most: int,
        own_port: int,
        body_seconds: float,
    ) -> None:
        self._reception, self._answers, self._flights = reception, answers, flights
        self._most, self._own_port, self._body_seconds = most, own_port, body_seconds
        self._traces = tracing.is_on()
        self.in_work = 0

    async def to(self, visit: Visit) -> Answer | None:
        """The answer; None when the client has left."""
        asked = self._reception.take(visit.arrival, visit.request_id, visit.versions)
        try:
            require_sound(asked)
            if self._answers.is_own(asked.path) or self._is_at_own_port(visit):
                visit.route = asked.path if self._answers.is_own(asked.path) else "none"
                return self._answers.of_own(asked)
            visit.route = route_name(asked.path)
            self._require_room(asked)
            if has_body(asked.named):  # which takes no room until it has come
                asked.body = await read_body(visit.receive, asked.named, self._body_seconds)
                asked.deadline = self._reception.deadline(visit.arrival)
            with self._room(asked):
                return await self._traced(visit, asked)
        except Disconnected:
            return None
        except Problem as problem:
            return self._told(visit, as_answer(problem, asked))
        except Exception:
            log.exception("unexpected error", method=asked.method, path=asked.path)
            return as_json(error_body(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong.", None), 500)

    async def _traced(self, visit: Visit, asked: Asked) -> Answer | None:
        with tracing.server_span(asked, visit.route) if self._traces else nullcontext() as span:
            answer = await self._watched(visit, asked)
            if span is not None and answer is not None:
                tracing.tell_status(span, answer.status)
            return answer

    async def _watched(self, visit: Visit, asked: Asked) -> Answer | None:
        if asked.method not in READING:  # a command that has begun is finished, whoever waits for it
            return await self._answers.of(asked, for_all=False)
        async with WhileConnected(visit.receive):
            return await self._read(visit, asked)
        return None

    async def _read(self, visit: Visit, asked: Asked) -> Answer:
        if visit.key is None or asked.method != "GET":
            answer = await self._answers.of(asked, for_all=False)
        else:
            found = await self._flights.ask(
                visit.key, asked.deadline.left(), lambda: self._answers.of(asked, for_all=True)
            )
            if isinstance(found, Entry):
                found = Answer(200, found.headers, found.body)
            answer = as_conditions_say(asked, found)
        if not asked.inner:
            answer.headers = answer.without(COMMAND, DEPENDS_ON)
        return answer

    @contextmanager
    def _room(self, asked: Asked) -> Iterator[None]:
        self._require_room(asked)
        self.in_work += 1
        try:
            yield
        finally:
            self.in_work -= 1

    def _require_room(self, asked: Asked) -> None:
        # Whoever is inside already is let through, else those who wait for them would wait in vain.
        if self.in_work >= (2 * self._most if asked.inner else self._most):
            metrics.REFUSED.labels("gateway").inc()
            raise DependencyUnavailable("The gateway", retry_after=1)

    def _is_at_own_port(self, visit: Visit) -> bool:
        server = visit.scope.get("server") or ("", 0)
        return bool(server[1] == self._own_port)

    def _told(self, visit: Visit, answer: Answer) -> Answer:
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            is_startup = visit.scope["path"].endswith(JWKS)  # services ask for keys until members is there
            log.log(
                logging.DEBUG if is_startup else logging.WARNING,
                "request",
                request_id=visit.request_id,
                method=visit.scope["method"],
                path=visit.scope["path"],
                route=visit.route,
                status=answer.status,
                milliseconds=round((time.perf_counter() - visit.started) * 1000, 1),
            )
        return answer
