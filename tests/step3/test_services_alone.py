"""Each service responds by itself, announces itself, and fills its pond from its river."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from tests.step3.single_service import KIND, USERS, Alone, World, world
from tests.step3.surroundings import post
from tests.support.client import Client
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_error, expect_unauthorized

__all__ = ["world"]

SERVICES = sorted(KIND)
TAKERS = [service for service in SERVICES if service != "members"]
OF_POSTS = [service for service in TAKERS if service != "posts"]
COLLECTIONS = {
    **dict.fromkeys(("tag", "like", "hide", "tagged"), "/marks"),
    **dict.fromkeys(("posts", "list", "recommend"), "/posts"),
    "images": "/pictures",
    "search": "/search?q=stone",
    "share": "/shares",
}
TITLES = {service: service.capitalize() for service in SERVICES}


@pytest.fixture(scope="module", params=SERVICES)
def alone(request: pytest.FixtureRequest, world: World) -> Iterator[Alone]:
    """Each service in turn, up."""
    with world.alone(request.param) as found:
        yield found


class TestEach:
    def test_is_in_the_registry(self, alone: Alone) -> None:
        found = alone.owners.await_state(alone.instance, "up")
        assert (found.service, found.version, found.url) == (alone.service, "v2", alone.url)
        assert f"kind:{KIND[alone.service].removesuffix('s')}" in found.tags
        assert sorted(found.subscriptions) == sorted(USERS[alone.service].get("subscriptions", []))

        def idle() -> None:
            found = alone.owners.await_state(alone.instance, "up")
            assert (found.load, found.pending) == (0, 0)

        eventually(idle)

    def test_lives_and_is_ready(self, alone: Alone) -> None:
        assert alone.visitor.json("/health/live") == {"_status": "OK"}
        content = alone.visitor.json("/health/ready")
        assert content["_status"] == "OK"
        pond = {"pond"} if alone.service in TAKERS else set()
        smtp = {"smtp"} if alone.service == "share" else set()
        assert set(content["parts"]) == {"mongodb", "indexes", "rapids", *pond, *smtp}
        assert {state for part, state in content["parts"].items() if part != "smtp"} == {"ok"}

    def test_is_described(self, alone: Alone) -> None:
        document = alone.visitor.json("/openapi.json")
        assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []

    def test_home_names_the_service_and_the_instance(self, alone: Alone) -> None:
        response = expect(alone.visitor.get("/"), 200)
        assert response.json()["title"] == TITLES[alone.service]
        assert response.headers["Served-By"] == f"{alone.instance} v2"

    def test_counts_its_requests(self, alone: Alone) -> None:
        alone.visitor.json("/health/live")
        text = expect(alone.visitor.get("/metrics"), 200).text
        assert "http_requests" in {family.name for family in text_string_to_metric_families(text)}

    def test_refuses_what_it_does_not_know(self, alone: Alone) -> None:
        expect_error(alone.visitor.get("/nothing"), 404)
        expect_unauthorized(Client(alone.url, "garbage").get(COLLECTIONS.get(alone.service, "/me")))


@pytest.mark.parametrize("alone", TAKERS, indirect=True)
class TestTakers:
    def test_takes_tokens_by_the_keys_that_the_gateway_has(self, alone: Alone) -> None:
        expect(alone.signed_in().get(COLLECTIONS[alone.service]), 200)

    def test_takes_no_token_that_was_ended(self, alone: Alone) -> None:
        reader = alone.signed_in()
        claims = _claims(reader.token)
        ended = {"expires": "2100-01-01T00:00:00Z", "revision": 1}
        alone.owners.write("members", claims["jti"], ended)
        alone.owners.await_applied(alone.service, "members", claims["jti"], 1)
        expect_unauthorized(reader.get(COLLECTIONS[alone.service]))
        expect(alone.signed_in().get(COLLECTIONS[alone.service]), 200)

    def test_it_replies_with_the_revision_that_it_shows(self, alone: Alone) -> None:
        owners, service = alone.owners, alone.service
        owners.write("members", "doubted", {"expires": "2100-01-01T00:00:00Z", "revision": 1})
        owners.await_applied(service, "members", "doubted", 1)
        found = owners.query(service, "members", "doubted")
        assert (found.revision, found.dead_lettered) == (1, False)
        assert owners.query(service, "members", "unheard of").revision is None
        assert owners.query(service, "nothing", "doubted").revision is None


@pytest.mark.parametrize("alone", OF_POSTS, indirect=True)
class TestTakersOfPosts:
    def test_it_shows_the_owners_posts_in_any_order_of_events(self, alone: Alone) -> None:
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

    def test_forgets_removed_posts_for_good(self, alone: Alone) -> None:
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
