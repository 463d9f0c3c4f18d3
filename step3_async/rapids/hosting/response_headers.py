"""The headers by which responses inform the gateway: what a command wrote, and what a page depends on."""

from collections.abc import Mapping

from flask import Flask, Response, g, request

from step3_async.rapids.headers import COMMAND, DEPENDS_ON


def add_written_document(app: Flask) -> None:
    """Add to responses to commands a header with the document that was written (see
    `aggregates.write_log`).
    """

    @app.after_request
    def add(response: Response) -> Response:
        if "command" in g:
            response.headers[COMMAND] = g.command
        return response


def add_dependency(app: Flask, service: str, same_for_visitors: Mapping[str, str]) -> None:
    """Add to responses that are the same for all visitors a header with the domain that they depend on.

    The header names `service` and the domain, which `same_for_visitors` has by endpoint. A request with a
    token is not a visitor's.
    """

    def add(response: Response) -> Response:
        domain = same_for_visitors.get(request.endpoint or "")
        if domain and response.status_code == 200 and "HTTP_AUTHORIZATION" not in request.environ:
            response.headers[DEPENDS_ON] = f"{service}.{domain}"
        return response

    # Flask calls the first last: by then a good response may have become a 304.
    app.after_request_funcs.setdefault(None, []).insert(0, add)
