"""Bearer tokens: who can sign them, which are refused, and keys that are fetched from a real server."""

import base64
import hashlib
import hmac
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from flask import Flask, g
from structlog.testing import capture_logs

from kit.clients.rest import Rest
from kit.http.headers import REQUEST_ID
from kit.http.problems import DependencyTimeout, DependencyUnavailable
from kit.tokens import JWKS, Issuer, LocalKeys, RemoteKeys, Verifier
from kit.tokens import remote as remote_keys
from kit.tokens.keys import parse
from tests.support.eventually import PATIENCE, eventually, holds
from tests.support.ids import plain_id
from workshop.ports import free_port

ISSUER = "stones"
HOUR = timedelta(hours=1)
IN_2100 = 4_102_444_800
SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
"""A key that everybody knows (RFC 8032, 7.1); the same in each worker, as cases are named after it."""
KEY = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(SEED + "="))


def new_issuer(seed: str | None = None, name: str = ISSUER, lifetime: timedelta = HOUR) -> Issuer:
    return Issuer(seed or secrets.token_urlsafe(32), name, lifetime)


minted = new_issuer(SEED)
verifier = Verifier(LocalKeys(minted.jwks()), ISSUER)
KID = minted.jwks()["keys"][0]["kid"]


def encoded(part: Any) -> str:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    found = {"iss": ISSUER, "sub": "ann", "iat": now, "exp": now + 60, "jti": "a" * 32, **changed}
    return {name: value for name, value in found.items() if value is not None}


def signed(payload: Any, header: dict[str, Any] | None = None, key: Ed25519PrivateKey = KEY) -> str:
    """Return a token with any content, signed with the right key: jwt.encode refuses most of these."""
    text = f"{encoded(header or {'alg': 'EdDSA', 'kid': KID, 'typ': 'JWT'})}.{encoded(payload)}"
    return f"{text}.{encoded(key.sign(text.encode()))}"


def by_secret(secret: bytes) -> str:
    text = f"{encoded({'alg': 'HS256', 'kid': KID})}.{encoded(claims())}"
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), 'sha256'))}"


class TestMinting:
    def test_token_has_its_reader_and_its_end(self) -> None:
        issued = minted.issue("ann")
        found = verifier.verify(issued.token)
        assert found is not None
        assert (found.username, found.expires) == ("ann", issued.expires)
        assert abs(issued.expires - datetime.now(UTC) - HOUR) < timedelta(seconds=2)
        assert issued.expires.utcoffset() == timedelta(0)

    def test_token_has_the_documented_claims_and_header(self) -> None:
        issued = minted.issue("ann")
        found = jwt.decode(issued.token, options={"verify_signature": False})
        assert set(found) == {"iss", "sub", "iat", "exp", "jti"}
        assert (found["iss"], found["sub"], found["exp"]) == (ISSUER, "ann", int(issued.expires.timestamp()))
        assert len(bytes.fromhex(found["jti"])) == 16
        assert jwt.get_unverified_header(issued.token) == {"alg": "EdDSA", "typ": "JWT", "kid": KID}

    def test_no_two_tokens_have_the_same_id(self) -> None:
        found = [verifier.verify(minted.issue("ann").token) for _ in range(50)]
        assert len({each.token_id for each in found if each}) == 50

    def test_the_published_key_is_public_and_complete(self) -> None:
        (key,) = new_issuer(SEED).jwks()["keys"]
        x = encoded(KEY.public_key().public_bytes_raw())
        thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
        assert key == {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": x,
            "use": "sig",
            "alg": "EdDSA",
            "kid": encoded(thumbprint),
        }

    def test_key_of_rfc_8037_has_the_id_of_the_example(self) -> None:
        seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
        (key,) = new_issuer(seed).jwks()["keys"]
        assert key["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        assert key["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

    def test_repr_does_not_show_the_token(self) -> None:
        issued = minted.issue("ann")
        assert issued.token not in repr(issued)

    @pytest.mark.parametrize(
        "seed",
        [
            "",
            "x",
            SEED[:-1],
            SEED + "A",
            SEED + "=",
            "!" + SEED,
            SEED[:-1] + "+",
            SEED[:-1] + "\n",
            "\ud800" * 43,
        ],
        ids=range(9),
    )
    def test_bad_seed_is_reported_with_the_variable(self, seed: str) -> None:
        with pytest.raises(
            ValueError, match=r"32 random bytes as unpadded base64url.*token_urlsafe\(32\)"
        ) as raised:
            Issuer(seed, ISSUER, HOUR)
        assert len(seed) < 5 or seed not in str(raised.value)


class TestForgeries:
    def test_helper_can_make_valid_tokens(self) -> None:
        found = verifier.verify(signed(claims()))
        assert found is not None
        assert found.token_id == "a" * 32

    @pytest.mark.parametrize("name", ["iss", "sub", "iat", "exp", "jti"])
    def test_token_without_a_claim_is_refused(self, name: str) -> None:
        assert verifier.verify(signed(claims(**{name: None}))) is None

    @pytest.mark.parametrize(
        "changed",
        [
            {"exp": 1},
            {"exp": "soon"},
            {"exp": str(IN_2100)},
            {"exp": 10**30},
            {"exp": float("inf")},
            {"exp": float("nan")},
            {"exp": {"$gt": 0}},
            {"iss": "somebody"},
            {"iss": [ISSUER]},
            {"iss": {}},
            {"sub": 7},
            {"sub": {"$gt": ""}},
            {"sub": ["ann"]},
            {"jti": 7},
            {"jti": {"$ne": ""}},
            {"nbf": IN_2100},
            {"aud": "others"},
        ],
        ids=plain_id,
    )
    def test_token_with_a_wrong_claim_is_refused(self, changed: dict[str, Any]) -> None:
        assert verifier.verify(signed(claims(**changed))) is None

    @pytest.mark.parametrize(
        "payload", [b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"[" * 1200], ids=plain_id
    )
    def test_token_whose_claims_are_no_object_is_refused(self, payload: bytes) -> None:
        assert verifier.verify(signed(payload)) is None

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "EdDSA"},
            {"alg": "EdDSA", "kid": None},
            {"alg": "EdDSA", "kid": 7},
            {"alg": "EdDSA", "kid": [KID]},
            {"alg": "EdDSA", "kid": {"$gt": ""}},
            {"alg": "EdDSA", "kid": "unknown"},
            {"alg": "eddsa", "kid": KID},
            {"alg": "none", "kid": KID},
            {"alg": "HS256", "kid": KID},
            {"alg": "ES256", "kid": KID},
            {"alg": ["EdDSA"], "kid": KID},
            {"alg": None, "kid": KID},
            {"alg": "EdDSA", "kid": KID, "crit": ["exp"]},
            {"kid": KID},
        ],
        ids=plain_id,
    )
    def test_token_with_another_header_is_refused(self, header: dict[str, Any]) -> None:
        assert verifier.verify(signed(claims(), header)) is None

    @pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
    @pytest.mark.parametrize("signature", ["", "AA"])
    def test_unsigned_token_is_refused(self, alg: str, signature: str) -> None:
        assert verifier.verify(f"{encoded({'alg': alg, 'kid': KID})}.{encoded(claims())}.{signature}") is None

    def test_token_signed_with_the_public_key_as_secret_is_refused(self) -> None:
        public = KEY.public_key().public_bytes_raw()
        for secret in (public, encoded(public).encode(), json.dumps(minted.jwks()["keys"][0]).encode(), b""):
            assert verifier.verify(by_secret(secret)) is None

    def test_token_signed_with_another_key_of_the_same_id_is_refused(self) -> None:
        assert verifier.verify(signed(claims(), key=Ed25519PrivateKey.generate())) is None

    def test_key_inside_a_token_is_ignored(self) -> None:
        own = Ed25519PrivateKey.generate()
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": encoded(own.public_key().public_bytes_raw())}
        for kid in (KID, "mine"):
            assert verifier.verify(signed(claims(), {"alg": "EdDSA", "kid": kid, "jwk": jwk}, own)) is None

    def test_token_with_any_part_changed_is_refused(self) -> None:
        parts = minted.issue("ann").token.split(".")
        for index, part in enumerate(parts):
            for place in (0, len(part) // 2):
                other = "B" if part[place] == "A" else "A"
                changed = [*parts[:index], part[:place] + other + part[place + 1 :], *parts[index + 1 :]]
                assert verifier.verify(".".join(changed)) is None

    @pytest.mark.parametrize(
        "token",
        [
            *("", ".", "..", "...", "a.b.c", "a" * 50, "\x00", " ", "null", "{}", "é.é.é", "\ud800.\udfff.x"),
            *("x" * 1_000_000, ".".join("x" * 100_000), "=.=.=", "W10.W10.W10", "\uff41" * 50),
            f"{encoded(b'[' * 1490)}.a.b",
        ],
        ids=lambda token: plain_id(token[:12]),
    )
    def test_text_that_is_no_token_is_refused(self, token: str) -> None:
        assert verifier.verify(token) is None

    def test_valid_token_with_text_around_it_is_refused(self) -> None:
        token = minted.issue("ann").token
        for other in (f"{token}.x", f"x.{token}", f"{token}é", f"{token}\ud800", token + "x" * 2000):
            assert verifier.verify(other) is None

    def test_huge_token_is_refused(self) -> None:
        token = signed(claims(more="x" * 4000))
        assert jwt.decode(token, KEY.public_key(), ["EdDSA"], issuer=ISSUER)["sub"] == "ann"
        assert verifier.verify(token) is None

    def test_ended_token_is_refused(self) -> None:
        old = new_issuer(SEED, lifetime=timedelta(seconds=-1))
        assert verifier.verify(old.issue("ann").token) is None

    def test_token_of_another_issuer_with_the_same_key_is_refused(self) -> None:
        assert verifier.verify(new_issuer(SEED, "others").issue("ann").token) is None

    def test_token_from_a_clock_that_is_ahead_is_valid(self) -> None:
        assert verifier.verify(signed(claims(iat=int(time.time()) + 5))) is not None


class Rotating:
    """Keys of which each can be withdrawn. They count how often they are looked up."""

    def __init__(self, *issuers: Issuer) -> None:
        self.looked_up = 0
        self.publish(*issuers)

    def publish(self, *issuers: Issuer) -> None:
        self.keys = parse({"keys": [key for issuer in issuers for key in issuer.jwks()["keys"]]})

    def key(self, kid: str) -> jwt.PyJWK | None:
        self.looked_up += 1
        return self.keys.get(kid)


class TestRememberedTokens:
    def test_second_look_returns_the_same_claims(self) -> None:
        verifier = Verifier(LocalKeys(minted.jwks()), ISSUER)
        token = minted.issue("ann").token
        found = verifier.verify(token)
        assert found is not None
        assert verifier.verify(token) is found

    def test_remembered_token_is_refused_once_it_has_expired(self) -> None:
        verifier = Verifier(LocalKeys(minted.jwks()), ISSUER)
        token = minted.issue("ann").token
        assert verifier.verify(token) is not None
        known = verifier._verified[token]
        over = replace(known.claims, expires=datetime.now(UTC) - timedelta(seconds=1))
        verifier._verified[token] = replace(known, claims=over)
        assert verifier.verify(token) is None

    def test_remembered_token_is_refused_once_its_key_is_withdrawn(self) -> None:
        issuer, other = new_issuer(), new_issuer()
        keys = Rotating(issuer, other)
        verifier = Verifier(keys, ISSUER)
        token = issuer.issue("ann").token
        assert verifier.verify(token) is not None
        keys.publish(other)
        assert verifier.verify(token) is None
        keys.publish(issuer, other)
        assert verifier.verify(token) is not None

    def test_remembered_token_is_refused_once_its_key_is_another_of_the_same_id(self) -> None:
        issuer, other = new_issuer(), new_issuer()
        keys = Rotating(issuer)
        verifier = Verifier(keys, ISSUER)
        token = issuer.issue("ann").token
        assert verifier.verify(token) is not None
        (kid,) = keys.keys
        keys.publish(other)
        (key,) = keys.keys.values()
        keys.keys = {kid: key}
        assert verifier.verify(token) is None

    def test_key_of_a_remembered_token_is_looked_up_each_time(self) -> None:
        issuer = new_issuer()
        keys = Rotating(issuer)
        verifier = Verifier(keys, ISSUER)
        token = issuer.issue("ann").token
        assert all(verifier.verify(token) for _ in range(3))
        assert keys.looked_up == 3

    def test_refused_tokens_are_not_remembered(self) -> None:
        verifier = Verifier(LocalKeys(minted.jwks()), ISSUER)
        for token in (signed(claims(exp=1)), signed(claims(), key=Ed25519PrivateKey.generate()), "a.b.c"):
            assert verifier.verify(token) is None
        assert not verifier._verified

    def test_memory_is_limited(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("kit.tokens.verifier.REMEMBERED", 3)
        verifier = Verifier(LocalKeys(minted.jwks()), ISSUER)
        tokens = [minted.issue("ann").token for _ in range(5)]
        assert all(verifier.verify(token) for token in tokens)
        assert list(verifier._verified) == tokens[2:]
        assert verifier.verify(tokens[0]) is not None, "a forgotten token is verified again"


class TestKeySets:
    @pytest.mark.parametrize(
        "changed",
        [
            *({"kty": "oct", "k": "AAAA"}, {"crv": "Ed448"}, {"use": "enc"}, {"alg": "HS256"}, {"x": "AAAA"}),
            *({"x": 7}, {"kid": 7}, {"kid": None}, {"kty": ["OKP"]}),
        ],
        ids=plain_id,
    )
    def test_keys_of_other_kinds_are_left_out(self, changed: dict[str, Any]) -> None:
        (key,) = minted.jwks()["keys"]
        with pytest.raises(ValueError, match="Ed25519"):
            LocalKeys({"keys": [{**key, **changed}]})
        mixed = LocalKeys({"keys": [{**key, "kid": "other", **changed}, key, None, "x"]})
        assert mixed.key(KID) is not None
        assert mixed.key("other") is None

    def test_verifier_cannot_mint(self) -> None:
        (key,) = minted.jwks()["keys"]
        leaked = {**key, "d": encoded(KEY.private_bytes_raw())}
        for given in (key, leaked):
            found = LocalKeys({"keys": [given]}).key(KID)
            assert found is not None
            assert isinstance(found.key, Ed25519PublicKey)
            assert not hasattr(found.key, "sign")

    @pytest.mark.parametrize(
        "jwks", [{}, {"keys": []}, {"keys": {}}, {"keys": None}, {"keys": "x"}, [], None]
    )
    def test_invalid_key_set_is_refused(self, jwks: Any) -> None:
        with pytest.raises(ValueError, match="no set of public keys"):
            LocalKeys(jwks)


Reply = Callable[[BaseHTTPRequestHandler], None]


class Publisher:
    """A real HTTP server whose response can be changed while it runs; `requests` has what it received."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[dict[str, str]] = []
        self.reply: Reply = lambda handler: handler.send_error(500)
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.requests.append({"path": self.path, **dict(self.headers)})
                publisher.reply(self)

            def log_message(self, *_arguments: Any) -> None:
                """Log nothing: pytest shows what went wrong."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def publish(self, *issuers: Issuer) -> None:
        self.reply = sends({"keys": [key for each in issuers for key in each.jwks()["keys"]]})

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def sends(body: Any, status: int = 200, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return reply


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Remote:
    """A publisher, and a verifier that knows its address only."""

    def __init__(self) -> None:
        self.publisher = Publisher()
        self.clock = Clock()
        self.issuer = new_issuer()
        self.publisher.publish(self.issuer)
        self.keys = RemoteKeys(Rest(f"http://127.0.0.1:{self.publisher.port}/", "The API"), self.clock)
        self.verifier = Verifier(self.keys, ISSUER)

    @property
    def count(self) -> int:
        return len(self.publisher.requests)

    def knows(self, issuer: Issuer) -> bool:
        return self.verifier.verify(issuer.issue("ann").token) is not None


@pytest.fixture
def remote() -> Iterator[Remote]:
    made = Remote()
    yield made
    made.publisher.stop()


@contextmanager
def away(remote: Remote) -> Iterator[None]:
    """Inside a test the publisher does not listen; afterwards it is back."""
    remote.publisher.stop()
    yield
    requested = remote.publisher.requests
    remote.publisher = Publisher(remote.publisher.port)
    remote.publisher.requests = requested
    remote.publisher.publish(remote.issuer)


def of_the_api(logs: Sequence[Any]) -> list[Any]:
    """Return the entries about the publisher of these tests; threads of earlier ones may log, too."""
    return [each for each in logs if each.get("service") == "The API"]


class TestRemoteKeys:
    def test_key_set_is_fetched_once_and_cached(self, remote: Remote) -> None:
        assert remote.count == 0
        assert all(remote.knows(remote.issuer) for _ in range(5))
        assert remote.count == 1
        assert remote.publisher.requests[0]["path"] == JWKS

    def test_key_set_can_be_fetched_ahead(self, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(remote_keys, "PAUSE", 0.01)
        with away(remote):
            remote.keys.fetch_ahead()
            eventually(holds(lambda: remote.keys._requests >= 2))
            assert {each.daemon for each in threading.enumerate() if each.name == "keys"} == {True}
        eventually(holds(lambda: remote.keys._keys is not None))
        assert remote.count == 1
        remote.publisher.stop()
        assert remote.knows(remote.issuer)

    def test_key_set_is_fetched_again_after_its_lifetime(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        remote.clock.now += 299
        remote.knows(remote.issuer)
        assert remote.count == 1
        remote.clock.now += 2
        remote.publisher.publish(new_issuer())
        assert not remote.knows(remote.issuer), "a key that was withdrawn"
        assert remote.count == 2

    def test_new_key_is_fetched(self, remote: Remote) -> None:
        assert remote.knows(remote.issuer)
        new = new_issuer()
        remote.publisher.publish(remote.issuer, new)
        assert remote.knows(new)
        assert remote.knows(remote.issuer)
        assert remote.count == 2

    def test_unknown_key_ids_cause_one_request_in_ten_seconds(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        for round_ in range(3):
            assert not any(remote.knows(new_issuer()) for _ in range(20))
            assert remote.count == 2 + round_
            remote.clock.now += 9
            assert not remote.knows(new_issuer())
            assert remote.count == 2 + round_
            remote.clock.now += 2

    def test_unknown_key_id_in_the_first_token_causes_one_request(self, remote: Remote) -> None:
        assert not remote.knows(new_issuer())
        assert remote.count == 1

    def test_old_key_set_is_used_while_the_publisher_is_away(self, remote: Remote) -> None:
        assert remote.knows(remote.issuer)
        with away(remote):
            remote.clock.now += 10_000
            assert remote.knows(remote.issuer)
            assert not remote.knows(new_issuer())
        assert remote.knows(remote.issuer)

    @pytest.mark.parametrize(
        "reply",
        [
            sends({}, 500),
            sends({}, 503),
            sends({}, 404),
            sends(b"not JSON"),
            sends(b"[" * 50_000),
            sends([]),
            sends({"keys": []}),
            sends({"keys": [{"kty": "oct", "kid": "x", "k": "AAAA"}]}),
            sends({**minted.jwks(), "more": "x" * 70_000}),
        ],
        ids=["500", "503", "404", "text", "deep", "list", "empty", "other-kind", "large"],
    )
    def test_invalid_response_counts_as_no_response(self, remote: Remote, reply: Reply) -> None:
        remote.publisher.reply = reply
        with pytest.raises(DependencyUnavailable, match="The API"):
            remote.knows(remote.issuer)
        remote.publisher.publish(remote.issuer)
        assert remote.knows(remote.issuer), "a first set is requested again at once"
        remote.publisher.reply = reply
        remote.clock.now += 301
        assert remote.knows(remote.issuer)
        assert remote.count == 3

    def test_failing_publisher_gets_a_request_every_five_seconds(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        remote.publisher.reply = sends({}, 500)
        remote.clock.now += 301
        for round_ in range(3):
            for _ in range(5):
                assert remote.knows(remote.issuer)
                assert not remote.knows(new_issuer())
            assert remote.count == 2 + round_
            remote.clock.now += 5.1
        new = new_issuer()
        remote.publisher.publish(new)
        assert remote.knows(new)

    def test_redirects_are_not_followed(self, remote: Remote) -> None:
        other = Publisher()
        other.publish(remote.issuer)
        try:
            remote.publisher.reply = sends(b"", 302, Location=f"http://127.0.0.1:{other.port}{JWKS}")
            with pytest.raises(DependencyUnavailable):
                remote.knows(remote.issuer)
            assert other.requests == []
        finally:
            other.stop()

    def test_request_names_what_it_takes(self, remote: Remote) -> None:
        with Flask(__name__).test_request_context():
            g.request_id = "r-1"
            remote.knows(remote.issuer)
        wanted = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            REQUEST_ID: "r-1",
        }
        assert wanted.items() <= remote.publisher.requests[0].items()

    def test_publisher_is_not_reached_through_a_proxy(
        self, remote: Remote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
        monkeypatch.setenv("no_proxy", "")
        assert remote.knows(remote.issuer)

    def test_publisher_that_stays_away_is_logged_once(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        for _ in range(2):
            remote.publisher.reply = sends({}, 500)
            remote.clock.now += 301
            with capture_logs() as logs:
                for _ in range(5):
                    assert remote.knows(remote.issuer)
                    remote.clock.now += 5.0
            (entry,) = of_the_api(logs)
            assert entry["event"] == "keys not fetched" and "responded with 500" in entry["reason"]
            remote.publisher.publish(remote.issuer)
            assert remote.knows(remote.issuer)

    def test_publisher_that_never_was_there_is_logged(self, remote: Remote) -> None:
        remote.publisher.reply = sends({}, 500)
        with capture_logs() as logs:
            for _ in range(3):
                with pytest.raises(DependencyUnavailable):
                    remote.knows(remote.issuer)
                remote.clock.now += 6.0
        assert [each["event"] for each in of_the_api(logs)] == ["keys not fetched"]

    def test_failures_that_soon_end_are_not_logged(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        with capture_logs() as logs:
            for _ in range(3):
                remote.publisher.reply = sends({}, 500)
                remote.clock.now += 301
                remote.knows(remote.issuer)
                remote.clock.now += 9.9
                remote.knows(remote.issuer)
                remote.publisher.publish(remote.issuer)
                remote.clock.now += 5.1
                remote.knows(remote.issuer)
        assert of_the_api(logs) == []

    def test_publisher_without_instances_is_unavailable(
        self, remote: Remote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(remote.keys._service, "urls", list)
        with pytest.raises(DependencyUnavailable, match="The API"):
            remote.knows(remote.issuer)

    def test_key_set_may_come_in_parts_up_to_its_largest_size(self, remote: Remote) -> None:
        keys = remote.issuer.jwks()
        size = remote_keys.LARGEST_SET - len(json.dumps({**keys, "more": ""}))
        content = json.dumps({**keys, "more": "x" * size}).encode()
        assert len(content) == remote_keys.LARGEST_SET

        def in_parts(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            for start in range(0, len(content), 20_000):
                handler.wfile.write(content[start : start + 20_000])
                handler.wfile.flush()

        remote.publisher.reply = in_parts
        assert remote.knows(remote.issuer)
        remote.publisher.reply = sends(content + b" ")
        remote.clock.now += 301
        remote.keys.key("x")
        assert remote.keys._failure is DependencyUnavailable and remote.keys._away_since is not None

    def test_dead_publisher_without_a_key_set_is_unavailable(self) -> None:
        keys = RemoteKeys(Rest(f"http://127.0.0.1:{free_port()}", "The registry"))
        with pytest.raises(DependencyUnavailable, match="The registry cannot be reached"):
            keys.key("x")

    def test_malformed_token_sends_no_request(self, remote: Remote) -> None:
        for token in ("a.b.c", by_secret(b"x"), "\ud800"):
            assert remote.verifier.verify(token) is None
        assert remote.count == 0

    def test_silent_publisher_is_a_timeout(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            keys = RemoteKeys(Rest(f"http://127.0.0.1:{mute.getsockname()[1]}", "The API"))
            with ThreadPoolExecutor(6) as pool:
                waiting = [pool.submit(keys.key, "x") for _ in range(6)]
                problems = [each.exception() for each in waiting]
                assert all(
                    isinstance(each, DependencyTimeout) and each.part == "The API" for each in problems
                )
            mute.accept()[0].close()
            mute.setblocking(False)
            with pytest.raises(BlockingIOError):  # all share one wait
                mute.accept()

    def test_trickling_key_set_is_a_timeout(self, remote: Remote) -> None:
        ended = threading.Event()

        def trickle(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            while not ended.wait(0.1):
                try:
                    handler.wfile.write(b" ")
                except OSError:
                    return

        remote.publisher.reply = trickle
        try:
            with pytest.raises(DependencyTimeout, match="The API"):
                remote.knows(remote.issuer)
        finally:
            ended.set()

    def test_other_threads_do_not_wait_for_a_refresh(
        self, remote: Remote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kit.tokens.remote.READ_SECONDS", PATIENCE)
        assert remote.knows(remote.issuer)
        reached, go_on = threading.Event(), threading.Event()
        good = remote.publisher.reply

        def slowly(handler: BaseHTTPRequestHandler) -> None:
            reached.set()
            go_on.wait(PATIENCE)
            good(handler)

        remote.publisher.reply = slowly
        remote.clock.now += 301
        with ThreadPoolExecutor(1) as pool:
            make_caller = pool.submit(remote.knows, remote.issuer)
            assert reached.wait(PATIENCE)
            assert remote.knows(remote.issuer)
            assert not make_caller.done()
            go_on.set()
            assert make_caller.result(PATIENCE)
        assert remote.count == 2

    def test_many_threads_at_once_send_one_request(self, remote: Remote) -> None:
        with ThreadPoolExecutor(16) as pool:
            assert all(pool.map(remote.knows, [remote.issuer] * 200))
            assert remote.count == 1
            new = new_issuer()
            remote.publisher.publish(new)
            remote.clock.now += 11
            assert all(pool.map(remote.knows, [new] * 200))
        assert remote.count == 2
