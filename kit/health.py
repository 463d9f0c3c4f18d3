"""Whether a service lives, whether it is ready, and what it has counted."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, jsonify, make_response

from kit.metrics import exposition


def make_blueprint(
    health: Callable[[], Mapping[str, bool]], optional: frozenset[str] = frozenset()
) -> Blueprint:
    """The views. `health` tells each part by name and whether it answers; without `optional` ones the
    service is ready all the same, as only some verbs need them.
    """
    views = Blueprint("health", __name__)

    @views.get("/health/live")
    def live() -> Response:
        return jsonify(_status="OK")

    @views.get("/health/ready")
    def ready() -> Response:
        parts = health()
        is_ready = all(answers for part, answers in parts.items() if part not in optional)
        told = {part: "ok" if answers else "down" for part, answers in parts.items()}
        response = make_response(
            jsonify(_status="OK" if is_ready else "ERR", parts=told), 200 if is_ready else 503
        )
        if not is_ready:
            response.headers["Retry-After"] = "2"
        return response

    @views.get("/metrics")
    def metrics() -> Response:
        content, content_type = exposition()
        response = make_response(content)
        response.headers["Content-Type"] = content_type
        return response

    return views
