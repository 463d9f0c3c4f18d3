"""Sign out everywhere: a sign-out is answered once the services' copies of revocations have it.

Each service checks its own copy of the list of revoked tokens. So after `members` has revoked a token, the
face has `sync` replicate the list at once, and waits for it. If a service may not have it yet, the reader is
signed out all the same, and the response says which services may still accept the token, and until when.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, flash, g, get_flashed_messages, make_response

from kit.domain.posts.documents import iso
from kit.http.gaps import gaps
from kit.http.headers import REPLICATION_SECRET
from kit.http.problems import Problem
from step2_services.web.routes import SERVICES, Routed

LOGOUT = "members.logout"
OWNER = "members"
PATIENCE = 6.0
"""How many seconds to wait for sync: longer than sync itself waits for the services."""

ACCEPTED = {
    "description": "The token is void, but some services may still accept it for a while",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["message", "services", "until"],
                "properties": {
                    "message": {"type": "string"},
                    "services": {"type": "array", "items": {"type": "string"}},
                    "until": {"type": "string", "format": "date-time"},
                },
            }
        }
    },
}

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Unconfirmed:
    """The services that may still accept a revoked token, and until when: then it expires."""

    services: list[str]
    until: datetime

    def __str__(self) -> str:
        names = ", ".join(self.services)
        return (
            "You are signed out. These services could not confirm it, and may still accept your old token, "
            f"until {self.until:%H:%M} UTC at the latest: {names}."
        )

    def as_json(self) -> dict[str, Any]:
        """Return the body of a response."""
        return {"message": str(self), "services": self.services, "until": iso(self.until)}


def replicate_revocations(services: Routed, secret: str, until: datetime) -> None:
    """Have sync replicate revocations at once, and note in `g` which services may lack them."""
    try:
        response = services.call_service(
            "sync",
            "POST",
            "/replications/revocations",
            headers={REPLICATION_SECRET: secret},
            read_seconds=PATIENCE,
        )
        late: list[str] = response.json()["late"]
    except Problem as problem:
        log.warning("sign-out not confirmed", reason=str(problem))
        late = [service for service in SERVICES if service != OWNER]
    if late:
        g.unconfirmed = Unconfirmed(late, until)


def show_unconfirmed(app: Flask) -> None:
    """Make the sign-out of `app` say which services may still accept the token: in JSON with the status 202,
    and to browsers on the page that they reach.
    """
    view = app.view_functions[LOGOUT]

    def logout() -> Response:
        response = make_response(view())
        unconfirmed: Unconfirmed | None = g.get("unconfirmed")
        if unconfirmed is None:
            return response
        if response.status_code == HTTPStatus.NO_CONTENT:
            return make_response(unconfirmed.as_json(), HTTPStatus.ACCEPTED)
        flash(str(unconfirmed))
        return response

    app.view_functions[LOGOUT] = logout

    @app.context_processor
    def with_flashed() -> dict[str, Any]:
        return {"gaps": [*get_flashed_messages(), *gaps()]}


def with_unconfirmed(contract: Mapping[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI document of the face: `contract`, and the response 202 to a sign-out."""
    logout = contract["paths"]["/logout"]["post"]
    responses = dict(sorted({**logout["responses"], "202": ACCEPTED}.items()))
    path = {**contract["paths"]["/logout"], "post": {**logout, "responses": responses}}
    return {**contract, "paths": {**contract["paths"], "/logout": path}}
