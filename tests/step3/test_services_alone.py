"""Each service answers for itself, takes part in the registry, and keeps its pond as its river tells."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from tests.step3.alone import KIND, USERS, Alone, World, world
from tests.step3.beside import post
from tests.support.answers import expect, expect_error, expect_unauthorized
from tests.support.client import Client
from tests.support.eventually import eventually

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
        told = alone.owners.await_state(alone.instance, "up")
        assert (told.service, told.version, told.url) == (alone.service, "v2", alone.url)
        assert f"kind:{KIND[alone.service].removesuffix('s')}" in told.tags
        assert sorted(told.subscriptions) == sorted(USERS[alone.service].get("subscriptions", []))

        def idle() -> None:
            told = alone.owners.await_state(alone.instance, "up")
            assert (told.load, told.pending) == (0, 0)

        eventually(idle)

    def test_lives_and_is_ready(self, alone: Alone) -> None:
        assert alone.visitor.json("/health/live") == {"_status": "OK"}
        told = alone.visitor.json("/health/ready")
        assert told["_status"] == "OK"
        pond = {"pond"} if alone.service in TAKERS else set()
        smtp = {"smtp"} if alone.service == "share" else set()
        assert set(told["parts"]) == {"mongodb", "indexes", "rapids", *pond, *smtp}
        assert {state for part, state in told["parts"].items() if part != "smtp"} == {"ok"}

    def test_is_described(self, alone: Alone) -> None:
        document = alone.visitor.json("/openapi.json")
        assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []

    def test_says_what_there_is_and_who_answered(self, alone: Alone) -> None:
        answer = expect(alone.visitor.get("/"), 200)
        assert answer.json()["title"] == TITLES[alone.service]
        assert answer.headers["Served-By"] == f"{alone.instance} v2"

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
        alone.owners.await_settled(alone.service, "members", claims["jti"], 1)
        expect_unauthorized(reader.get(COLLECTIONS[alone.service]))
        expect(alone.signed_in().get(COLLECTIONS[alone.service]), 200)

    def test_tells_what_it_shows_to_who_doubts(self, alone: Alone) -> None:
        owners, service = alone.owners, alone.service
        owners.write("members", "doubted", {"expires": "2100-01-01T00:00:00Z", "revision": 1})
        owners.await_settled(service, "members", "doubted", 1)
        told = owners.ask(service, "members", "doubted")
        assert (told.revision, told.dead_lettered) == (1, False)
        assert owners.ask(service, "members", "unheard of").revision is None
        assert owners.ask(service, "nothing", "doubted").revision is None


@pytest.mark.parametrize("alone", OF_POSTS, indirect=True)
class TestTakersOfPosts:
    def test_shows_posts_as_their_owner_tells_whatever_the_order(self, alone: Alone) -> None:
        owners, service = alone.owners, alone.service
        added = owners.event("posts", "t3_order", post("first"))
        changed = owners.event("posts", "t3_order", post("second", topic="pebbles"))
        marker = owners.event("posts", "t3_marker", post("marker"))
        owners.publish(changed, added, changed, marker)
        owners.await_settled(service, "posts", "t3_marker")
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
        owners.await_settled(service, "posts", marker.key)
        assert alone.database["posts"].find_one({"_id": "t3_gone"}) is None


def _claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))
