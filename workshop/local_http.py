"""HTTP requests to processes on this machine, without the proxies and password files of the caller's
shell.
"""

from typing import Any

import requests


def request(url: str, method: str = "GET", **options: Any) -> requests.Response:
    """Return the response. `options` are those of requests. Raises requests.RequestException."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, **options)
