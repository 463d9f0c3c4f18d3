"""Render responses as JSON."""

from typing import Any

import orjson
from eve.render import Renderer
from flask import Response, make_response

OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


class JSON(Renderer):  # type: ignore[misc]
    """Eve's renderer by orjson; times are ISO 8601, UTC, to the second."""

    mime = ("application/json",)

    def render(self, data: Any) -> bytes:
        """Return `data` as JSON; nothing for a response without a body."""
        if isinstance(data, dict) and data.get("_status") == "ERR" and "_error" not in data:
            # Of an invalid change, unlike of an invalid addition, Eve returns the issues only.
            data["_error"] = {"code": 422, "message": "Some values break their rules."}
        return b"" if data is None else dumps(data)


def dumps(data: Any) -> bytes:
    """Return `data` as JSON; values of types that JSON lacks become text."""
    try:
        return orjson.dumps(data, default=_other, option=OPTIONS)
    except TypeError:  # issues of lists have numbers for keys, which take orjson longer
        return orjson.dumps(data, default=_other, option=OPTIONS | orjson.OPT_NON_STR_KEYS)


def reply(data: Any, status: int = 200) -> Response:
    """Return the response of a verb with `data` as its body; None for no body."""
    response = make_response(b"" if data is None else dumps(data), status)
    response.mimetype = "application/json"
    return response


def _other(value: Any) -> str:
    """Return a value of a type that JSON lacks as a text: only another program can have stored it."""
    return str(value)
