"""Each service responds by itself, announces itself, and fills its pond from its river."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from tests.step3.single_service import KIND, USERS, SingleService, World, world
from tests.step3.surroundings import post
from tests.support.client import Client
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_error, expect_unauthorized

__all__ = ["world"]

pytestmark = pytest.mark.drill

SERVICES = sorted(KIND)
WITH_PONDS = [service for service in SERVICES if service != "members"]
OF_POSTS = [service for service in WITH_PONDS if service != "posts"]
COLLECTIONS = {
    **dict.fromkeys(("tag", "like", "hide", "tagged"), "/marks"),
    **dict.fromkeys(("posts", "list", "recommend"), "/posts"),
    "images": "/pictures",
    "search": "/posts",
    "share": "/shares",
}
TITLES = {service: service.capitalize() for service in SERVICES}


@pytest.fixture(scope="module", params=SERVICES)
def alone(request: pytest.FixtureRequest, world: World) -> Iterator[SingleService]:
    """Each service in turn, once it is up."""
    with world.alone(request.param) as found:
        yield found


class TestEach:
    def test_service_is_in_the_registry(self, alone: SingleService) -> None:
        found = alone.owners.await_state(alone.instance, "up")
        assert (found.service, found.version, found.url) == (alone.service, "v2", alone.url)
        assert f"kind:{KIND[alone.service].removesuffix('s')}" in found.tags
        assert sorted(found.subscriptions) == sorted(USERS[alone.service].get("subscriptions", []))

        def idle() -> None:
            found = alone.owners.await_state(alone.instance, "up")
            assert (found.load, found.pending) == (0, 0)

        eventually(idle)

    def test_service_is_live_and_ready(self, alone: SingleService) -> None:
        assert alone.visitor.json("/health/live") == {"_status": "OK"}
        content = alone.visitor.json("/health/ready")
        assert content["_status"] == "OK"
        pond = {"pond"} if alone.service in WITH_PONDS else set()
        smtp = {"smtp"} if alone.service == "share" else set()
        assert set(content["parts"]) == {"mongodb", "indexes", "rapids", *pond, *smtp}
        assert {state for part, state in content["parts"].items() if part != "smtp"} == {"ok"}

    def test_service_has_an_openapi_document(self, alone: SingleService) -> None:
        document = alone.visitor.json("/openapi.json")
        assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []

    def test_home_names_the_service_and_the_instance(self, alone: SingleService) -> None:
        response = expect(alone.visitor.get("/"), 200)
        if alone.service == "list":  # whose first page is that of the face
            assert response.json()["_meta"]["page"] == 1
        else:
            assert response.json()["title"] == TITLES[alone.service]
        assert response.headers["Served-By"] == f"{alone.instance} v2"

    def test_service_counts_its_requests(self, alone: SingleService) -> None:
        alone.visitor.json("/health/live")
        text = expect(alone.visitor.get("/metrics"), 200).text
        assert "http_requests" in {family.name for family in text_string_to_metric_families(text)}

    def test_service_refuses_unknown_paths_and_parameters(self, alone: SingleService) -> None:
        expect_error(alone.visitor.get("/nothing"), 404)
        expect_unauthorized(Client(alone.url, "garbage").get(COLLECTIONS.get(alone.service, "/me")))


@pytest.mark.parametrize("alone", WITH_PONDS, indirect=True)
class TestTokens:
    def test_tokens_are_verified_with_the_gateways_keys(self, alone: SingleService) -> None:
        expect(alone.signed_in().get(COLLECTIONS[alone.service]), 200)

    def test_revoked_token_is_refused(self, alone: SingleService) -> None:
        reader = alone.signed_in()
        claims = _claims(reader.token)
        ended = {"expires": "2100-01-01T00:00:00Z", "revision": 1}
        alone.owners.write("members", claims["jti"], ended)
        alone.owners.await_applied(alone.service, "members", claims["jti"], 1)
        expect_unauthorized(reader.get(COLLECTIONS[alone.service]))
        expect(alone.signed_in().get(COLLECTIONS[alone.service]), 200)

    def test_service_replies_with_the_revision_that_it_shows(self, alone: SingleService) -> None:
        owners, service = alone.owners, alone.service
        owners.write("members", "revoked_token", {"expires": "2100-01-01T00:00:00Z", "revision": 1})
        owners.await_applied(service, "members", "revoked_token", 1)
        found = owners.query(service, "members", "revoked_token")
        assert (found.revision, found.dead_lettered) == (1, False)
        assert owners.query(service, "members", "unheard of").revision is None
        assert owners.query(service, "nothing", "revoked_token").revision is None


@pytest.mark.parametrize("alone", OF_POSTS, indirect=True)
class TestPosts:
    def test_posts_are_shown_whatever_the_order_of_events(self, alone: SingleService) -> None:
        owners, service = alone.owners, alone.service
        added = owners.event("posts", "t3_order", post("first"))
        changed = owners.event("posts", "t3_order", post("second", topic="pebbles"))
        marker = owners.event("posts", "t3_marker", post("marker"))
        owners.publish(changed, added, changed, marker)
        owners.await_applied(service, "posts", "t3_marker")
        kept = alone.database["posts"].find_one({"_id": "t3_order"})
        assert kept is not None
        assert "pebbles" in (kept.get("topic", "pebbles"),)
        assert kept.get("title", "second") == "second"
        assert kept["applied"]["posts"]["version"] == changed.version

    def test_removed_post_does_not_come_back(self, alone: SingleService) -> None:
        owners, service = alone.owners, alone.service
        added = owners.write("posts", "t3_gone", post("gone"))
        owners.write("posts", "t3_gone", None)
        again = added.model_copy(update={"event_id": f"{added.event_id}-late"})
        owners.publish(again)
        marker = owners.write("posts", f"t3_after{service}", post("after"))
        owners.await_applied(service, "posts", marker.key)
        assert alone.database["posts"].find_one({"_id": "t3_gone"}) is None


def _claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))
