"""The OpenAPI document of the contract describes the addresses that the face has."""

import re

from step0_monolith.app import contract, create_app
from step0_monolith.monolith import MonolithStore

FILES = ("/static/", "/bootstrap/", "/docs/assets/", "/icons.svg")
"""Files that pages load."""

FORMS = {("get", "/login"), ("get", "/signup")}
"""Pages for people only."""


def test_document_describes_each_address_of_the_face_and_no_other(store: MonolithStore) -> None:
    app = create_app(store, secret_key="not used")
    there = {
        (method.lower(), re.sub(r"<(?:post_)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith(FILES)
    }
    described = {
        (method, path)
        for path, item in contract()["paths"].items()
        for method in item.keys() - {"parameters"}
    }
    assert there - FORMS == described
