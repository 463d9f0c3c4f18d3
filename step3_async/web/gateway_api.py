"""The gateway's API as the web face asks it, and what its answers tell of the page that is made of them."""

import time
from dataclasses import dataclass, field
from typing import Any

import requests
from flask import Response, g, has_request_context, request

from kit.clients.rest import HEALTH_SECONDS, READ_SECONDS, Rest
from kit.http.gaps import note_gap
from kit.http.headers import FACE_SECRET, FORWARDED_FOR, SERVED_BY, SERVICE_VERSION
from kit.http.problems import Problem
from step3_async.rapids.headers import COMMAND, DEADLINE, DEPENDS_ON, GAPS, SETTLE
from step3_async.rapids.messages import API
from step3_async.rapids.tracing import W3C


@dataclass
class Told:
    """What the gateway told along with its answers, for one request of ours.

    `depends_on` is what the page shows that is the same for all; None once something is not.
    """

    depends_on: set[str] | None = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    served_by: list[str] = field(default_factory=list)

    def take(self, answer: requests.Response) -> None:
        """Add what an answer tells."""
        depends, gaps = _words(answer, DEPENDS_ON), _words(answer, GAPS)
        if not depends or gaps:
            self.depends_on = None
        elif self.depends_on is not None:
            self.depends_on.update(depends)
        self.commands += _words(answer, COMMAND)
        self.gaps += gaps
        self.served_by += _words(answer, SERVED_BY)
        for service in gaps:
            note_gap(f"The {service} service")


class GatewayApi(Rest):
    """The API at the gateway, `url`, which knows by `secret` that we are inside. It waits for nothing that is
    yet to settle: the request that a call is made for comes through the gateway, too, and waits there.
    """

    def __init__(self, url: str, secret: str = "") -> None:
        super().__init__(url + API, "The gateway")
        self._proof = {FACE_SECRET: secret} if secret else {}
        self._gateway = Rest(url, "The gateway")

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        params: dict[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> requests.Response:
        """See Rest; `told` then knows what was told along with the answer."""
        sent = {SETTLE: "later", **self._proof, **_passed_on(), **(headers or {})}
        rest = {"token": token, "params": params, "json": json, "content": content}
        try:
            answer = super().call(method, path, **rest, headers=sent, read_seconds=read_seconds)
        except Problem:
            if has_request_context():
                told().depends_on = None
            raise
        if has_request_context():
            told().take(answer)
        return answer

    def health(self) -> dict[str, bool]:
        """No parts: the gateway tells of its own. Raises DependencyUnavailable and DependencyTimeout when it
        does not answer.
        """
        self._gateway.call("GET", "/health/live", read_seconds=HEALTH_SECONDS)
        return {}


def told() -> Told:
    """What was told for the request that is being answered."""
    if "told" not in g:
        g.told = Told()
    known: Told = g.told
    return known


def pass_on(response: Response) -> Response:
    """Add to the answer what the gateway needs to know of it: what it depends on, commands, gaps."""
    known = told()
    if known.depends_on and response.status_code == requests.codes.ok:
        response.headers[DEPENDS_ON] = ", ".join(sorted(known.depends_on))
    for name, values in ((COMMAND, known.commands), (GAPS, known.gaps), (SERVED_BY, known.served_by)):
        if values:
            response.headers[name] = ", ".join(dict.fromkeys(values))
    return response


def _passed_on() -> dict[str, str]:
    if not has_request_context():
        return {}
    sent: dict[str, str] = {}
    W3C.inject(sent)
    if request.remote_addr:
        sent[FORWARDED_FOR] = request.remote_addr
    if SERVICE_VERSION in request.headers:
        sent[SERVICE_VERSION] = request.headers[SERVICE_VERSION]
    if (given := request.headers.get(DEADLINE, "")).isdecimal():
        spent = (time.perf_counter() - g.request_started) * 1000
        sent[DEADLINE] = str(max(1, int(given) - int(spent)))
    return sent


def _words(answer: requests.Response, header: str) -> list[str]:
    return [word for each in answer.headers.get(header, "").split(",") if (word := each.strip())]
