"""Which addresses a picture is fetched from. What the site may respond is in the contract suite."""

import pytest

from kit.domain.pictures.fetch import Fetcher, Unfetchable, _is_public

PRIVATE = [
    "http://127.0.0.1/a.png",
    "http://127.1/a.png",
    "http://2130706433/a.png",
    "http://0x7f000001/a.png",
    "http://localhost/a.png",
    "http://10.1.2.3/a.png",
    "http://172.16.0.1/a.png",
    "http://192.168.1.1/a.png",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/a.png",
    "http://0.0.0.0/a.png",
    "http://224.0.0.1/a.png",
    "http://[::1]/a.png",
    "http://[::ffff:127.0.0.1]/a.png",
    "http://[fe80::1]/a.png",
    "http://[fd00::1]/a.png",
    "http://[64:ff9b::7f00:1]/a.png",
    "http://[2002:7f00:1::]/a.png",
]
NOT_FETCHED = [
    "file:///etc/passwd",
    "ftp://example.org/a.png",
    "gopher://example.org/",
    "http:///a.png",
    "http://user:secret@8.8.8.8/a.png",
    "http://8.8.8.8:22/a.png",
    "http://8.8.8.8:99999/a.png",
    "http://[::1/a.png",
    "",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str) -> None:
    with pytest.raises(Unfetchable, match="private"):
        Fetcher(1000).check(address)


@pytest.mark.parametrize("address", NOT_FETCHED)
def test_other_schemes_ports_and_malformed_addresses_are_refused(address: str) -> None:
    with pytest.raises(Unfetchable):
        Fetcher(1000).check(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    assert _is_public(address)


def test_a_checked_address_is_connected_to_by_number() -> None:
    target = Fetcher(1000).check("https://8.8.8.8/a%20b.png?x=1")
    assert (target.scheme, target.ip, target.port, target.path) == ("https", "8.8.8.8", 443, "/a%20b.png?x=1")


def test_only_the_allowed_pair_of_host_and_port_is_an_exception() -> None:
    fetcher = Fetcher(1000, frozenset({"127.0.0.1:8123"}))
    assert fetcher.check("http://127.0.0.1:8123/a.png").ip == "127.0.0.1"
    for address in ("http://127.0.0.1:8124/a.png", "http://localhost:8123/a.png", "http://127.0.0.1/a.png"):
        with pytest.raises(Unfetchable):
            fetcher.check(address)
