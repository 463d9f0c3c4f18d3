"""Filters of collections: whatever clients send, only what we know reaches MongoDB."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import example, given
from hypothesis import strategies as st
from pymongo.database import Database
from werkzeug.exceptions import BadRequest

from kit.service import filters
from tests.support.budget import budget

SCHEMA: dict[str, Any] = {
    "_id": {"type": "objectid"},
    "title": {"type": "string"},
    "score": {"type": "integer"},
    "when": {"type": "datetime"},
    "open": {"type": "boolean"},
    "words": {"type": "list", "schema": {"type": "string"}},
    "secret": {"type": "string"},
}
ALLOWED = ["_id", "title", "score", "when", "open", "words", "_updated"]
SHOWN = {"title": 1, "score": 1, "when": 1, "_id": 1, "_etag": 1}
OPERATORS = {"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"}

NAMES = st.sampled_from(
    [*ALLOWED, *OPERATORS, "secret", "title.x", "$and", "$or", "$nor", "$not", "$expr", "$where", "$regex"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | NAMES
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(), inner, max_size=4),
    max_leaves=20,
)

VALUES = {
    "title": st.none() | st.text(st.characters(codec="utf-8"), max_size=5),
    "score": st.none() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False),
    "open": st.none() | st.booleans(),
    "words": st.none() | st.text(st.characters(codec="utf-8"), max_size=5),
    "when": st.none() | st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    "_updated": st.dates().map(str),
    "_id": st.none() | st.binary(min_size=12, max_size=12).map(bytes.hex),
}
COMPARED = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.fixed_dictionaries(
        {
            name: VALUES[name]
            | st.dictionaries(
                st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]), VALUES[name], min_size=1
            )
            | st.fixed_dictionaries({"$in": st.lists(VALUES[name], max_size=3)})
            | st.fixed_dictionaries({"$nin": st.lists(VALUES[name], max_size=3)})
        }
    )
)
GOOD = st.recursive(
    COMPARED,
    lambda inner: st.dictionaries(
        st.sampled_from(["$and", "$or"]), st.lists(inner, min_size=1, max_size=3), min_size=1
    ),
    max_leaves=4,
)


def names_in(query: Any) -> set[str]:
    """Yield all fields and operators of a filter."""
    if isinstance(query, dict):
        return set(query).union(*map(names_in, query.values()))
    return set().union(*map(names_in, query)) if isinstance(query, list) else set()


def where(text: Any) -> dict[str, Any]:
    return filters.where(text if isinstance(text, str) else json.dumps(text), ALLOWED, SCHEMA)


class TestWhere:
    @budget(150)
    @given(ANYTHING)
    @example({"title": {"$gt": {"$where": "1"}}})
    @example({"title": {"$in": [{"$regex": "x"}]}})
    @example({"$and": [{"$expr": {"$eq": ["$secret", "x"]}}]})
    def test_nothing_unknown_gets_through(self, requested: Any) -> None:
        try:
            made = where(requested)
        except BadRequest as problem:
            assert problem.description
        else:
            assert names_in(made) <= {*ALLOWED, *OPERATORS, "$and", "$or"}

    @budget(100)
    @given(st.text() | st.sampled_from(['{"title": ', "NaN", '{"score": -Infinity}', "{", "0" * 5_000]))
    def test_any_text_is_a_safe_filter_or_refused(self, text: str) -> None:
        try:
            made = where(text)
        except BadRequest:
            return
        assert made == {} or names_in(made) <= {*ALLOWED, *OPERATORS, "$and", "$or"}

    @budget(60)
    @given(requested=GOOD)
    @example(requested={"score": float("inf")})
    @example(requested={"when": "0001-01-01T00:00:00+00:00"})
    @example(requested={"when": "9999-12-31T23:59:59.999999+00:00"})
    def test_mongodb_accepts_what_gets_through(self, store: Database[dict[str, Any]], requested: Any) -> None:
        try:
            made = where(requested)
        except BadRequest as problem:
            assert "deep" in str(problem.description) or "Infinity" in json.dumps(requested), problem
        else:
            assert names_in(made) == names_in(requested) | {"$eq"} & names_in(made)
            store.papers.count_documents(made)

    def test_no_filter_means_all(self) -> None:
        assert filters.where(None, ALLOWED, SCHEMA) == {}
        assert where("{}") == {}

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("title", ("x", "", "1", None)),
            ("score", (1, -1.5, 0, None)),
            ("open", (True, False, None)),
            ("words", ("x", None)),
        ],
    )
    def test_a_value_of_the_fields_type_is_compared(self, name: str, values: tuple[Any, ...]) -> None:
        for value in values:
            assert where({name: value}) == {name: {"$eq": value}}

    @pytest.mark.parametrize("operator", sorted(OPERATORS))
    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("title", 1, "text, not with a number"),
            ("title", False, "text, not with true or false"),
            ("score", "50", "a number, not with text"),
            ("score", True, "a number, not with true or false"),
            ("open", "true", "true or false, not with text"),
            ("open", 1, "true or false, not with a number"),
            ("words", 2.5, "text, not with a number"),
        ],
    )
    def test_a_value_of_another_type_is_refused_rather_than_never_found(
        self, name: str, value: Any, words: str, operator: str
    ) -> None:
        given = [None, value] if operator in ("$in", "$nin") else value
        for requested in ({name: {operator: given}}, {"$or": [{"_id": None}, {name: {operator: given}}]}):
            with pytest.raises(BadRequest, match=f"where compares {name} with {words}"):
                where(requested)

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("2024-01-31T12:00:00Z", datetime(2024, 1, 31, 12, tzinfo=UTC)),
            ("2024-01-31T14:00:00+02:00", datetime(2024, 1, 31, 12, tzinfo=UTC)),
            ("2024-01-31T12:00:00", datetime(2024, 1, 31, 12, tzinfo=UTC)),
            (None, None),
        ],
    )
    @pytest.mark.parametrize("name", ["when", "_updated"])
    def test_texts_of_times_become_times(
        self, name: str, given: str | None, expected: datetime | None
    ) -> None:
        assert where({name: {"$gt": given}}) == {name: {"$gt": expected}}
        assert where({name: {"$in": [given]}}) == {name: {"$in": [expected]}}

    def test_texts_of_object_ids_become_object_ids(self) -> None:
        assert where({"_id": "0" * 24}) == {"_id": {"$eq": ObjectId("0" * 24)}}
        texts = filters.where(json.dumps({"_id": "0" * 24}), ALLOWED, {"_id": {"type": "string"}})
        assert texts == {"_id": {"$eq": "0" * 24}}

    @pytest.mark.parametrize(
        "given",
        [
            {"when": "yesterday"},
            {"when": 1_700_000_000},
            {"when": True},
            {"when": "0001-01-01T00:00:00+14:00"},
            {"when": "9999-12-31T23:59:59-14:00"},
            {"_id": "x"},
            {"_id": 7},
            {"_id": "0" * 25},
            {"score": 2**63},
            {"score": -(2**64)},
            {"score": 10**4000},
            {"title": "\ud800"},
            {"title": {}},
            {"title": {"$in": "x"}},
            {"title": {"$in": [["x"]]}},
            {"title": {"$exists": True}},
            {"title": {"$eq": "x", "$regex": "x"}},
            {"$and": []},
            {"$and": [1]},
            {"$or": {"title": "x"}},
            {"$and": [{"$and": [{"$and": [{"$and": [{"$and": [{}]}]}]}]}]},
            {"score": {"$in": [1] * 101}},
            {"$or": [{}] * 101},
        ],
        ids=lambda given: str(given)[:50],
    )
    def test_malformed_filter_is_refused(self, given: dict[str, Any]) -> None:
        with pytest.raises(BadRequest, match="where"):
            where(given)

    def test_filter_up_to_its_limits_is_accepted(self) -> None:
        assert where({"$and": [{"$and": [{"$and": [{"$and": [{}]}]}]}]})
        assert where({"$or": [{"score": 1}] * 100})
        assert where({"score": {"$in": [2**63 - 1] * 100}})

    def test_filter_is_refused_if_no_field_is_allowed(self) -> None:
        with pytest.raises(BadRequest):
            filters.where('{"title": "x"}', [], SCHEMA)


class TestSort:
    def test_fields_go_up_or_down(self) -> None:
        assert filters.sort(None, ALLOWED) == []
        assert filters.sort("-score, title", ALLOWED) == [("score", -1), ("title", 1), ("_id", 1)]

    def test_id_is_sorted_in_the_order_that_is_asked_for(self) -> None:
        assert filters.sort("-_id", ["score", "_id"]) == [("_id", -1)]
        assert filters.sort("score,-_id", ["score", "_id"]) == [("score", 1), ("_id", -1)]

    @budget(100)
    @given(st.text() | st.lists(NAMES | st.sampled_from(["-", "-title", "--title"])).map(",".join))
    def test_only_allowed_fields_sort(self, text: str) -> None:
        try:
            order = filters.sort(text, ALLOWED)
        except BadRequest as problem:
            assert "sort" in str(problem.description)
        else:
            fields = [field for field, _ in order]
            assert set(fields) <= {*ALLOWED, "_id"}
            assert len(set(fields)) == len(fields) > 0

    @pytest.mark.parametrize(
        "text", ["", "secret", "title,title", "title,-title", "title,", "--title", "$natural", "title:1"]
    )
    def test_malformed_sort_is_refused(self, text: str) -> None:
        with pytest.raises(BadRequest, match="sort"):
            filters.sort(text, ALLOWED)


class TestProjection:
    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            (None, set(SHOWN)),
            ('{"title": 1}', {"title", "_id", "_etag"}),
            ('{"title": true, "score": 1}', {"title", "score", "_id", "_etag"}),
            ('{"title": 0}', {"score", "when", "_id", "_etag"}),
            ('{"_id": 0}', set(SHOWN)),
            ('{"_id": 1}', {"_id", "_etag"}),
        ],
    )
    def test_projection_narrows_the_shown_fields(self, text: str | None, kept: set[str]) -> None:
        assert filters.projection(text, SHOWN) == dict.fromkeys(kept, 1)

    @budget(100)
    @given(ANYTHING | st.dictionaries(NAMES, st.sampled_from([0, 1, True, False])))
    def test_projection_never_widens_the_shown_fields(self, requested: Any) -> None:
        try:
            made = filters.projection(json.dumps(requested), SHOWN)
        except BadRequest as problem:
            assert "projection" in str(problem.description)
        else:
            assert made.items() <= SHOWN.items()

    @pytest.mark.parametrize(
        "text",
        [
            *("", "{}", "[]", "null", "title", '{"title": 2}', '{"title": 1.0}', '{"title": "$secret"}'),
            *('{"title": null}', '{"title": {"$slice": 1}}', '{"secret": 1}', '{"title": 1, "score": 0}'),
            *("[" * 50_000, "NaN", '{"title": NaN}'),
        ],
        ids=lambda text: text[:30],
    )
    def test_malformed_projection_is_refused(self, text: str) -> None:
        with pytest.raises(BadRequest, match="projection"):
            filters.projection(text, SHOWN)
