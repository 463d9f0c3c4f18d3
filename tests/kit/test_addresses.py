"""The addresses of documents are those that the rule of their `_id` allows, and no others."""

import pytest
from eve.flaskapp import RegexConverter
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from kit.service.definition import _path_pattern


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[a-z]+\.[a-z]+", "ab.cd", "abxcd"),
        (r"(t3_|se_)\d{2}", "t3_12", "t3_1d"),
        (r"a\(b", "a(b", "ab"),
        ("[a-f0-9]{24}", "0" * 24, "0" * 23),
    ],
    ids=["dot", "groups and digits", "bracket", "object id"],
)
def test_rules_become_addresses(pattern: str, good: str, bad: str) -> None:
    rule = Rule(f'/x/<regex("{_path_pattern({"regex": pattern})}"):id>', endpoint="x")
    adapter = Map([rule], converters={"regex": RegexConverter}).bind("example.org")
    assert adapter.match(f"/x/{good}") == ("x", {"id": good})
    with pytest.raises(NotFound):
        adapter.match(f"/x/{bad}")
