"""Requests of the web face to the gateway. The headers of their responses are collected for the gateway."""

import time
from dataclasses import dataclass, field
from typing import Any

import requests
from flask import Response, g, has_request_context, request

from kit.clients.rest import HEALTH_SECONDS, READ_SECONDS, Rest, RestResponse
from kit.http.gaps import note_gap
from kit.http.headers import FACE_SECRET, FORWARDED_FOR, SERVED_BY, SERVICE_VERSION
from kit.http.problems import Problem
from step3_async.rapids.headers import COMMAND, COMMAND_WAIT, DEADLINE, DEPENDS_ON, GAPS
from step3_async.rapids.messages import API
from step3_async.rapids.tracing import W3C


@dataclass
class ResponseMetadata:
    """The headers of the gateway's responses, collected for one request to the web face.

    `depends_on` names the data that the page was made from; None if a part of it is not the same for all.
    """

    depends_on: set[str] | None = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    served_by: list[str] = field(default_factory=list)

    def add(self, response: RestResponse) -> None:
        """Add the headers of a response."""
        depends, gaps = _words(response, DEPENDS_ON), _words(response, GAPS)
        if not depends or gaps:
            self.depends_on = None
        elif self.depends_on is not None:
            self.depends_on.update(depends)
        self.commands += _words(response, COMMAND)
        self.gaps += gaps
        self.served_by += _words(response, SERVED_BY)
        for service in gaps:
            note_gap(f"The {service} service")


class GatewayApi(Rest):
    """The API at the gateway, `url`. `secret` proves that its requests come from the web face.

    The gateway does not wait until such a request's command is applied: the page's own request came through
    the gateway, too, and waits there.
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
    ) -> RestResponse:
        """Send a request as `Rest.call` does, and add the response's headers to the metadata."""
        sent = {COMMAND_WAIT: "later", **self._proof, **_headers_to_pass_on(), **(headers or {})}
        try:
            response = super().call(
                method,
                path,
                token=token,
                params=params,
                json=json,
                content=content,
                headers=sent,
                read_seconds=read_seconds,
            )
        except Problem:
            if has_request_context():
                metadata().depends_on = None
            raise
        if has_request_context():
            metadata().add(response)
        return response

    def health(self) -> dict[str, bool]:
        """Return no parts: the gateway reports its own. Raises DependencyUnavailable and DependencyTimeout
        when it does not respond.
        """
        self._gateway.call("GET", "/health/live", read_seconds=HEALTH_SECONDS)
        return {}


def metadata() -> ResponseMetadata:
    """Return the metadata for the current request."""
    if "gateway_metadata" not in g:
        g.gateway_metadata = ResponseMetadata()
    known: ResponseMetadata = g.gateway_metadata
    return known


def pass_on(response: Response) -> Response:
    """Add the headers that the gateway needs: what the response depends on, commands, gaps."""
    known = metadata()
    if known.depends_on and response.status_code == requests.codes.ok:
        response.headers[DEPENDS_ON] = ", ".join(sorted(known.depends_on))
    for name, values in ((COMMAND, known.commands), (GAPS, known.gaps), (SERVED_BY, known.served_by)):
        if values:
            response.headers[name] = ", ".join(dict.fromkeys(values))
    return response


def _headers_to_pass_on() -> dict[str, str]:
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


def _words(response: RestResponse, header: str) -> list[str]:
    return [word for each in response.headers.get(header, "").split(",") if (word := each.strip())]
