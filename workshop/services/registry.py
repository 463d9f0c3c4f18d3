"""What a step's registry tells of its instances, where it has one."""

from typing import Any

import requests

from workshop import local
from workshop.steps import Step

ASK_SECONDS = 2.0
UP = "up"

Told = dict[str, dict[str, Any]]


def registered(step: Step) -> Told | None:
    """The instances by name, as the face tells; None without a registry, or without an answer."""
    if step.registry is None:
        return None
    try:
        answer = local.ask(step.url + step.registry, timeout=ASK_SECONDS)
        return {each["instance"]: each for each in answer.json()["instances"]}
    except (requests.RequestException, KeyError, TypeError, ValueError):
        return None


def not_up(step: Step, names: list[str]) -> list[str]:
    """The instances that the registry does not tell to be up; none where the step has no registry."""
    if step.registry is None:
        return []
    told = registered(step) or {}
    return [name for name in names if told.get(name, {}).get("state") != UP]
