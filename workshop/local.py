"""HTTP to what runs on this machine: straight, whatever proxy or password file the caller's shell names."""

from typing import Any

import requests


def ask(url: str, method: str = "GET", **options: Any) -> requests.Response:
    """The answer; `options` are those of requests. Raises requests.RequestException."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, **options)
