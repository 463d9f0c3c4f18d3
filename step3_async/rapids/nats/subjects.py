"""What streams and subjects are called."""

from collections.abc import Sequence

from step3_async.rapids.event import SNAPSHOT_PAGE
from step3_async.rapids.transport import ALL

RAPIDS = "RAPIDS"
"""The stream of events."""

DEAD = "DEAD"
"""The stream of dead letters."""

STREAMS = {RAPIDS: ["rapids.>"], DEAD: ["dead.>"]}


def event_subject(domain: str, name: str, to: str | None = None) -> str:
    """Where an event goes, which may be addressed `to` a river, or ALL."""
    return ".".join(["rapids", domain, name, *([to] if to else [])])


def again_subject(river: str) -> str:
    """Where a dead letter goes that its river is to have once more."""
    return f"rapids.again.{river}"


def river_subjects(river: str, domains: Sequence[str]) -> list[str]:
    """All that a river gets."""
    everybody = [f"rapids.{domain}.*" for domain in domains]
    pages = [event_subject(domain, SNAPSHOT_PAGE, to) for domain in domains for to in (river, ALL)]
    return sorted([*everybody, *pages, again_subject(river)])


def dead_subject(river: str) -> str:
    """Where a river's dead letters are kept."""
    return f"dead.{river}"
