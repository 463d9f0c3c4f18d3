"""The verbs for operators: liveness, readiness and metrics of a service."""

from collections.abc import Callable, Container, Mapping

from flask import Blueprint, Response, jsonify, make_response

from kit.http.operations import HEALTH, Operation, operation
from kit.metrics.exposition import exposition

STATE = {
    "type": "object",
    "required": ["_status"],
    "properties": {
        "_status": {"enum": ["OK", "ERR"]},
        "parts": {"type": "object", "additionalProperties": {"enum": ["ok", "down"]}},
    },
}
LIVE = Operation("Whether the process responds", {200: STATE}, tag=HEALTH)
READY = Operation("Whether every part that is needed responds", {200: STATE, 503: STATE}, tag=HEALTH)
METRICS = Operation(
    "Counts and times in Prometheus's text format",
    {200: {"type": "string"}},
    tag=HEALTH,
    media_type="text/plain",
)


def make_blueprint(
    health: Callable[[], Mapping[str, bool]], optional: Container[str] = frozenset()
) -> Blueprint:
    """Make the views. `health` returns each part by name and whether it responds.

    The service is ready even if `optional` parts are away, as only some verbs need them.
    """
    views = Blueprint("health", __name__)

    @views.get("/health/live")
    @operation(LIVE)
    def live() -> Response:
        return jsonify(_status="OK")

    @views.get("/health/ready")
    @operation(READY)
    def ready() -> Response:
        parts = health()
        is_ready = all(is_up for part, is_up in parts.items() if part not in optional)
        states = {part: "ok" if is_up else "down" for part, is_up in parts.items()}
        response = make_response(
            jsonify(_status="OK" if is_ready else "ERR", parts=states), 200 if is_ready else 503
        )
        if not is_ready:
            response.headers["Retry-After"] = "2"
        return response

    @views.get("/metrics")
    @operation(METRICS)
    def metrics() -> Response:
        content, content_type = exposition()
        response = make_response(content)
        response.headers["Content-Type"] = content_type
        return response

    return views
