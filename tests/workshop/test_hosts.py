"""Addresses to listen on, as people write them, and the URLs that result."""

import socket

import click
import pytest

from kit.server.config import address
from workshop.addresses import host_from, host_in_url, reachable_host


@pytest.mark.parametrize(
    ("given", "host", "url"),
    [
        ("", "127.0.0.1", "127.0.0.1"),
        (" 127.0.0.2 ", "127.0.0.2", "127.0.0.2"),
        ("localhost", "localhost", "localhost"),
        ("0.0.0.0", "0.0.0.0", "127.0.0.1"),
        ("0", "0.0.0.0", "127.0.0.1"),
        ("::", "::", "[::1]"),
        ("0:0:0:0:0:0:0:0", "::", "[::1]"),
        ("[::1]", "::1", "[::1]"),
        ("::1", "::1", "[::1]"),
    ],
)
def test_each_kind_of_address_is_accepted_and_written_in_urls(
    monkeypatch: pytest.MonkeyPatch, given: str, host: str, url: str
) -> None:
    monkeypatch.setenv("STEP0_HOST", given)
    assert host_from("STEP0_HOST") == host
    assert host_in_url(host) == url
    assert reachable_host(host) == url.strip("[]")


@pytest.mark.parametrize("given", ["no.such.host.invalid", "http://127.0.0.1", "*", "127.0.0.1:80", "a" * 70])
def test_invalid_address_is_refused_with_its_variable(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("MONGO_HOST", given)
    with pytest.raises(click.ClickException, match="MONGO_HOST"):
        host_from("MONGO_HOST")


@pytest.mark.parametrize(
    ("host", "bound"), [("", "127.0.0.1:8000"), ("::1", "[::1]:8000"), ("::", "[::]:8000")]
)
def test_gunicorn_gets_an_address_that_it_understands(
    monkeypatch: pytest.MonkeyPatch, host: str, bound: str
) -> None:
    monkeypatch.setenv("STEP0_HOST", host)
    monkeypatch.setenv("STEP0_PORT", "")
    assert address(0, "STEP0_PORT", 8000) == bound


def test_gunicorn_gets_the_address_of_a_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEP0_HOST", "localhost")
    found = socket.getaddrinfo("localhost", 8000, type=socket.SOCK_STREAM)[0][4][0]
    assert address(0, "STEP0_PORT", 8000).strip("[]").removesuffix(":8000").strip("[]") == found
