"""What the header Authorization means."""

import pytest

from kit.http.authorization import bearer_token, is_for_a_proxy


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer a.b-c", "a.b-c"),
        ("bearer  a ", "a"),
        ("Bearer a b", "a b"),
        ("Bearer \xff", "\xff"),
        *((each, None) for each in ("", "Bearer", "Bearer ", "Basic dTpw", "Basic \xff", "Bearera", "\xff")),
    ],
)
def test_only_bearer_is_followed_by_a_token(header: str, token: str | None) -> None:
    assert bearer_token(header) == token


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Basic dTpw", True),
        ("basic  dTpw", True),
        ('Digest username="u", realm="r", nonce="n", uri="/", response="0f"', True),
        ("Negotiate YIIB", True),
        ("NTLM TlRMTVNT", True),
        *(
            (each, False)
            for each in ("Basic", "Basic !", "Basic \xff", "Digest username=x", "Negotiate", "Token x", "")
        ),
        *((each, False) for each in ("Bearer", "Bearer a", "bearer Basic", "Bearer response=1", "x")),
    ],
)
def test_passwords_for_a_proxy_are_distinguished_from_tokens(header: str, expected: bool) -> None:
    assert is_for_a_proxy(header) is expected
