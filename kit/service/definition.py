"""The definition of a service, and Eve's settings for it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kit.http.bodies import LARGEST_BODY
from kit.http.collections import DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE
from kit.http.headers import REQUEST_ID
from kit.mongo.client import Client
from kit.tokens import Verifier


def _none_revoked(_token_id: str) -> bool:
    return False


@dataclass(frozen=True)
class ServiceDefinition:
    """A service: its name and version, Eve's DOMAIN, and the parts that it needs.

    `verifier` verifies readers' tokens, and `revoked` returns whether the token with an id was revoked.
    `services` verifies tokens of other services. `face_secret` is known to processes that may say for whom
    they send a request. `instance` is named in each response. `parts` are checked for readiness; the service
    is ready even if those in `optional` are away. `bulk` is how many documents one POST may contain if a
    resource takes several. Pages of `origins`, each a whole origin such as https://example.org, may send
    requests from browsers (CORS). `eve` overrides any of Eve's settings.

    A resource of `domain` may have further keys under "kit": "query", JSON Schemas of parameters its
    collection takes besides Eve's; "required", the names of those that must be there; "added", JSON Schemas
    of fields that hooks add; "summary", what reading the collection does; "document_schema", the
    `kit.mongo.document_schema.DocumentSchema` of the documents: others are skipped.
    """

    name: str
    title: str
    domain: Mapping[str, Mapping[str, Any]]
    client: Client
    verifier: Verifier | None = None
    revoked: Callable[[str], bool] = _none_revoked
    services: Verifier | None = None
    face_secret: str = ""
    parts: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    version: str = "1.0.0"
    instance: str = ""
    bulk: int = 500
    origins: tuple[str, ...] = ()
    eve: Mapping[str, Any] = field(default_factory=dict)


def eve_settings(definition: ServiceDefinition) -> dict[str, Any]:
    """Make Eve's settings, closing what is open by default; tests/kit/test_attacks.py attacks each hole."""
    domain = {name: _resource(name, dict(given)) for name, given in definition.domain.items()}
    made: dict[str, Any] = {
        "DOMAIN": domain,
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "HATEOAS": False,
        "RENDERERS": ["kit.service.render.JSON"],
        "DATE_FORMAT": "%Y-%m-%dT%H:%M:%SZ",
        "PAGINATION_LIMIT": LARGEST_PAGE_SIZE,
        "PAGINATION_DEFAULT": DEFAULT_PAGE_SIZE,
        "ALLOW_OVERRIDE_HTTP_METHOD": False,
        "ALLOWED_FILTERS": [],
        "SORTING": False,
        "PROJECTION": False,
        "EMBEDDING": False,
        "BULK_ENABLED": False,
        "UPSERT_ON_PUT": False,
        "STANDARD_ERRORS": [],
        "MONGO_WRITE_CONCERN": {"w": "majority", "j": True},
        "X_DOMAINS": list(definition.origins) or None,
        "X_HEADERS": ["Authorization", "Content-Type", "If-Match", "If-None-Match", REQUEST_ID],
        "X_EXPOSE_HEADERS": ["ETag", "Location", REQUEST_ID],
        **definition.eve,
    }
    if patterns := made.get("X_DOMAINS_RE"):
        # Eve matches them at the start only, which lets https://example.org.evil.example through.
        listed = [patterns] if isinstance(patterns, str) else patterns
        made["X_DOMAINS_RE"] = [rf"(?:{pattern})\Z" for pattern in listed]
    return made


def _resource(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Add defaults to a resource. Raises ValueError for one that would show too much."""
    projection = given.get("datasource", {}).get("projection")
    if projection is not None and not all(projection.values()):
        raise ValueError(f"{name}: let the projection say what to show; what is left out stays hidden.")
    shown = set(projection if projection is not None else given["schema"]) | {"_id", "_created", "_updated"}
    filters = set(given.get("allowed_filters", ()))
    if filters - shown:
        named = ", ".join(sorted(filters - shown))
        raise ValueError(f"{name}: a filter on a field that is not shown would reveal its values: {named}")
    if given.get("datasource", {}).get("aggregation"):
        raise ValueError(f"{name}: Eve's aggregations take operators from clients; write a verb instead.")
    identifier = given["schema"].get("_id", {})
    given.setdefault("item_url", f'regex("{_path_pattern(identifier)}")')
    return given


def _path_pattern(identifier: Mapping[str, Any]) -> str:
    pattern = str(identifier.get("regex", "[a-f0-9]{24}"))
    # Werkzeug would take our groups for its own.
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)
