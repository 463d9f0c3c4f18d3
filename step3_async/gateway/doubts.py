"""Asking services whether their ponds have taken a change, where their own word may have got lost."""

import asyncio
from collections.abc import Iterable
from typing import Literal

from pydantic import ValidationError

from step3_async.gateway.command_ids import Command
from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.messages import APPLIED_QUERY, AppliedQuery, AppliedReply

State = Literal["pending", "done", "failed"]
PENDING: State = "pending"
DONE: State = "done"
FAILED: State = "failed"

PATIENCE = 1.0


class Doubts:
    """Asks through `transport`."""

    def __init__(self, transport: Bus) -> None:
        self._transport = transport

    async def states(self, services: Iterable[str], command: Command) -> dict[str, State]:
        """How far each of these services is with the command."""
        asked = sorted(services)
        states = await asyncio.gather(*(self._state(service, command) for service in asked))
        return dict(zip(asked, states, strict=True))

    async def _state(self, service: str, command: Command) -> State:
        doubt = AppliedQuery(domain=command.domain, key=command.key).model_dump_json().encode()
        try:
            word = AppliedReply.model_validate_json(
                await self._transport.request(f"{APPLIED_QUERY}.{service}", doubt, PATIENCE)
            )
        except (Unavailable, ValidationError):
            return PENDING
        if word.revision is not None and word.revision >= command.revision:
            return DONE
        return FAILED if word.dead_lettered else PENDING
