"""JSON of the face."""

from typing import Any

import pytest
from flask import Flask, jsonify

from step0_monolith.http.negotiation import JsonProvider


@pytest.mark.parametrize(
    "value",
    [
        {"b": 1, "a": [None, True, 1.5, "é\u2028<"]},
        {"too large for orjson": 2**70},
        {"half a character": "\ud800"},
    ],
    ids=["usual", "large", "half"],
)
def test_every_value_is_written_in_its_order(value: dict[str, Any]) -> None:
    app = Flask(__name__)
    app.json = JsonProvider(app)
    with app.app_context():
        response = jsonify(value)
    assert response.mimetype == "application/json"
    assert list(response.get_json().items()) == list(value.items())
