"""A small service on the real mongod, with each kind of resource that services here may have."""

import copy
import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from eve import Eve
from pymongo.database import Database
from werkzeug.test import TestResponse

from kit.mongo import client as mongo
from kit.service import Service, ServiceDefinition, config, create_service
from kit.tokens import Issuer, LocalKeys, Verifier
from tests.support.responses import LEAKS, check_error_shape

ISSUER = "tests"
BULK = 5
SHOWN = ("title", "label", "score", "when")
DOMAIN: dict[str, Any] = {
    "papers": {
        "schema": {
            "_id": {"type": "string", "regex": "p_[a-z0-9]{1,30}", "required": True},
            "title": {"type": "string", "minlength": 1, "maxlength": 100_000, "required": True},
            "label": {"type": "string", "regex": "[a-z]{3}|[0-9]{3}"},
            "score": {"type": "integer", "min": 0},
            "when": {"type": "datetime"},
            "secret": {"type": "string"},
        },
        "resource_methods": ["GET", "POST"],
        "item_methods": ["GET", "PUT", "PATCH", "DELETE"],
        "public_methods": ["GET"],
        "public_item_methods": ["GET"],
        "datasource": {"projection": dict.fromkeys(SHOWN, 1), "default_sort": [("_id", 1)]},
        "allowed_filters": list(SHOWN),
        "sorting": True,
        "projection": True,
    },
    "notes": {
        "schema": {
            "_id": {"type": "string", "regex": "n_[a-z0-9]{1,30}", "required": True},
            "text": {"type": "string", "required": True},
        },
        "resource_methods": ["GET", "POST"],
        "item_methods": ["GET", "PUT", "PATCH", "DELETE"],
        "auth_field": "owner",
        "allowed_filters": ["text"],
    },
    "batches": {
        "schema": {"title": {"type": "string", "required": True, "minlength": 2, "unique": True}},
        "resource_methods": ["GET", "POST"],
        "item_methods": ["GET"],
        "public_methods": ["GET", "POST"],
        "public_item_methods": ["GET"],
        "bulk_enabled": True,
    },
    "members": {
        "schema": {"_id": {"type": "string", "regex": "[a-z0-9_]{3,30}", "required": True}},
        "resource_methods": ["GET", "POST"],
        "item_methods": ["GET"],
        "public_methods": ["GET", "POST"],
        "public_item_methods": ["GET"],
        "allowed_filters": ["_id"],
    },
}

Call = Callable[..., TestResponse]


@pytest.fixture(scope="module")
def database_uri(mongod: Any) -> Iterator[str]:
    """The address of a database with a user of its own."""
    name = f"kit_{uuid.uuid4().hex[:12]}"
    yield mongod.add_user(name)
    with mongod.admin() as admin:
        admin[name].command("dropUser", name)
        admin.drop_database(name)


@pytest.fixture(scope="module")
def kit_client(database_uri: str) -> Iterator[mongo.Client]:
    with mongo.connect(database_uri) as client:
        yield client


@pytest.fixture
def store(kit_client: mongo.Client) -> Database[dict[str, Any]]:
    """The service's database, empty."""
    database = kit_client.get_default_database()
    for name in database.list_collection_names():
        database[name].delete_many({})
    return database


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer(secrets.token_urlsafe(32), ISSUER, timedelta(hours=1))


@pytest.fixture
def make_service(kit_client: mongo.Client, issuer: Issuer) -> Iterator[Callable[..., Service]]:
    """Makes services; its arguments replace settings of the service that most tests use."""

    def make(domain: dict[str, Any] = DOMAIN, **changed: Any) -> Service:
        found = {
            "name": "tested",
            "title": "Tested",
            "domain": copy.deepcopy(domain),
            "client": kit_client,
            "verifier": Verifier(LocalKeys(issuer.jwks()), ISSUER),
            "bulk": BULK,
        }
        return create_service(ServiceDefinition(**{**found, **changed}))

    yield make
    config.uncache_settings()


@pytest.fixture
def service(store: object, make_service: Callable[..., Service]) -> Service:
    """The service over an empty database, with its settings active as in its own process."""
    app = make_service()
    config.cache_only(app)
    return app


@pytest.fixture
def make_caller(issuer: Issuer) -> Callable[[Eve], Call]:
    """Makes a client of an application. It sends requests as `reader`, if one is named, with the query
    parameters in `query`.
    """

    def make(app: Eve) -> Call:
        client = app.test_client()

        def call(method: str, path: str, *, reader: str = "", **options: Any) -> TestResponse:
            headers = dict(options.pop("headers", {}))
            if reader:
                headers["Authorization"] = f"Bearer {issuer.issue(reader).token}"
            if "query" in options:
                options["query_string"] = options.pop("query")
            return client.open(path, method=method, headers=headers, **options)

        return call

    return make


@pytest.fixture
def call(service: Service, make_caller: Callable[[Eve], Call]) -> Call:
    """Sends requests to the service."""
    return make_caller(service)


@pytest.fixture
def plain_call(
    service: Service, database_uri: str, kit_client: mongo.Client, make_caller: Callable[[Eve], Call]
) -> Iterator[Call]:
    """Sends requests to Eve without our changes, over the same resources and documents, open to everybody.

    What it lets through shows that the requests of a test really are attacks.
    """
    domain = copy.deepcopy(DOMAIN)
    for resource in domain.values():
        for setting in ("allowed_filters", "sorting", "projection", "auth_field", "bulk_enabled"):
            resource.pop(setting, None)
        resource["item_url"] = 'regex("[a-z0-9_]{3,30}")'
    domain["papers"]["datasource"]["projection"] = {"secret": 0}
    app = Eve(
        settings={"DOMAIN": domain, "MONGO_URI": database_uri, "RENDERERS": ["eve.render.JSONRenderer"]}
    )
    config.uncache_settings()  # otherwise Eve would use the settings of the service
    yield make_caller(app)
    with app.app_context():
        app.data.pymongo().cx.close()


@pytest.fixture
def refused() -> Callable[..., dict[str, Any]]:
    """Checks a response that must be an error of one status, in the contract's shape, whose message has
    `words` in it.
    """

    def take_apart(response: TestResponse, status: int, *words: str) -> dict[str, Any]:
        assert response.status_code == status, (
            f"{response.request.path} {response.status}: {response.text[:500]}"
        )
        assert response.mimetype == "application/json"
        body: dict[str, Any] = response.json
        check_error_shape(body, status)
        assert not LEAKS.search(response.text), response.text
        message = body["_error"]["message"].lower()
        assert all(word.lower() in message for word in words), message
        return body

    return take_apart
