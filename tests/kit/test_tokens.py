"""Bearer tokens: who can sign them, and which are refused."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kit.tokens import Issuer, LocalKeys, Verifier
from kit.tokens.keys import parse
from tests.kit.issuers import HOUR, ISSUER, SEED, new_issuer
from tests.support.ids import plain_id

IN_2100 = 4_102_444_800
KEY = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(SEED + "="))


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
