"""The short path for reading a collection, the most frequent request.

Eve's own way from the request to the response looks, for each request and each document, at settings that
our services do not have: versions, media, embedded documents, soft deletion, rate limits in Redis, several
renderers. It costs more than the whole of a hand-written view. So GET of a resource takes this shorter path,
through the same data layer, authentication and events (`on_pre_GET`, `on_fetched_resource`, `on_post_GET`
and those of the resource); items and all writes take Eve's path. `make bench` measures both.
"""

from typing import Any

from eve.methods.common import build_response_document
from eve.render import send_response
from eve.utils import ParsedRequest
from flask import Response, current_app, request
from werkzeug.exceptions import BadRequest

from kit.http import params
from kit.http.collections import TOTAL_LIMIT, Found, Page, as_collection
from kit.mongo.client import Document
from kit.service.render import reply

STORED = {"_etag", "_created", "_updated"}
"""The fields that Eve adds to documents that are stored without them."""

EVES_OWN = {"allowed_filters": "where", "sorting": "sort", "projection": "projection"}
"""Eve's parameters, by the setting with which a resource allows each."""


def read_collection(app: Any, resource: str) -> Response:
    """Read the page that is requested. Raises BadRequest and SignedOut."""
    described = app.config["DOMAIN"][resource]
    if "GET" not in described["public_methods"] and not app.auth.authorized([], resource, "GET"):
        app.auth.authenticate()
    parsed, others = _parse(described)
    lookup: Document = {}
    app.on_pre_GET(resource, request, lookup)
    getattr(app, f"on_pre_GET_{resource}")(request, lookup)
    documents, total = app.data.find(resource, parsed, lookup)
    for document in documents:
        if not document.keys() >= STORED:
            build_response_document(document, resource, [])
    found = Found(documents, min(total, TOTAL_LIMIT), total > TOTAL_LIMIT)
    page = Page(parsed.page, parsed.max_results)
    whole = as_collection(found, page, described["resource_title"], others)
    app.on_fetched_resource(resource, whole)
    getattr(app, f"on_fetched_resource_{resource}")(whole)
    headers = [("X-Total-Count", str(found.total))]
    if _comes_from_another_site():
        response: Response = send_response(resource, (whole, None, None, 200, headers))
        return response  # with headers for CORS, and after the events below
    response = reply(whole)
    response.headers.extend(headers)
    app.on_post_GET(resource, request, response)
    getattr(app, f"on_post_GET_{resource}")(request, response)
    return response


def known_parameters(described: dict[str, Any]) -> list[str]:
    """List the parameters that a collection takes."""
    eves = [name for setting, name in EVES_OWN.items() if described[setting]]
    return [*described.get("kit", {}).get("query", ()), *eves, *params.PAGING]


def _parse(described: dict[str, Any]) -> tuple[ParsedRequest, dict[str, str]]:
    """Parse the request; return the parameters except those of paging, too."""
    params.allow_only(*described["kit_parameters"])
    given = request.args
    for name in described.get("kit", {}).get("required", ()):
        if not given.get(name, "").strip():
            raise BadRequest(f"{name} is needed, and empty.")
    page = params.page()
    parsed = ParsedRequest()
    parsed.page, parsed.max_results = page.number, page.size
    parsed.where, parsed.sort, parsed.projection = map(given.get, EVES_OWN.values())
    return parsed, {name: value for name, value in given.items() if name not in params.PAGING}


def _comes_from_another_site() -> bool:
    config = current_app.config
    return "HTTP_ORIGIN" in request.environ and bool(config["X_DOMAINS"] or config["X_DOMAINS_RE"])
