"""The application class of services."""

from collections.abc import Callable
from typing import Any

import flask
from eve import Eve
from werkzeug.datastructures import MIMEAccept
from werkzeug.utils import cached_property

from kit.http.media_types import accepted
from kit.service.read_path import known_parameters, read_collection


class Request(flask.Request):
    """Flask's request, but with media types compared as types, and each Accept header parsed once."""

    @cached_property
    def accept_mimetypes(self) -> MIMEAccept:
        """Read what the client accepts."""
        return accepted(self.environ.get("HTTP_ACCEPT"))


class Service(Eve):  # type: ignore[misc]
    """Eve's application, for views that are no coroutines: Flask would check that for each function and
    request.
    """

    request_class = Request

    def register_resource(self, resource: str, settings: dict[str, Any]) -> None:
        """Add a resource, whose collection is read by the shorter path (see `read_path`)."""
        super().register_resource(resource, settings)
        described = self.config["DOMAIN"][resource]
        described["kit_parameters"] = known_parameters(described)
        endpoint = f"{resource}|resource"
        eves = self.view_functions[endpoint]

        def view(**lookup: Any) -> Any:
            if flask.request.method in ("GET", "HEAD"):
                return read_collection(self, resource)
            return eves(**lookup)

        self.view_functions[endpoint] = view

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function unchanged."""
        return func
