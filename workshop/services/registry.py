"""Reads the registry of a step that has one: which instances there are, and their state."""

from typing import Any

import requests

from workshop import local_http
from workshop.steps import Step

TIMEOUT_SECONDS = 2.0
UP = "up"

Registrations = dict[str, dict[str, Any]]


def read_registry(step: Step) -> Registrations | None:
    """Return the instances by name. Return None when there is no registry, or the face does not respond."""
    if step.registry is None:
        return None
    try:
        response = local_http.request(step.url + step.registry, timeout=TIMEOUT_SECONDS)
        return {each["instance"]: each for each in response.json()["instances"]}
    except (requests.RequestException, KeyError, TypeError, ValueError):
        return None


def not_up(step: Step, names: list[str]) -> list[str]:
    """Return the instances that the registry does not show as up; none where the step has no registry."""
    if step.registry is None:
        return []
    registry = read_registry(step) or {}
    return [name for name in names if registry.get(name, {}).get("state") != UP]
