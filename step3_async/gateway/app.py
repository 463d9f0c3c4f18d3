"""The gateway put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kit.clients.discovery import Services
from kit.http.proxies import TrustedProxies
from kit.settings import ServiceSettings, TrustSettings
from step3_async.gateway import settings
from step3_async.gateway.answers import Answers
from step3_async.gateway.attending import Attending
from step3_async.gateway.balancing import Balancer
from step3_async.gateway.cache import Cache
from step3_async.gateway.calling import Caller
from step3_async.gateway.command_ids import CommandIds
from step3_async.gateway.doubts import Doubts
from step3_async.gateway.face import Face
from step3_async.gateway.flights import Flights
from step3_async.gateway.hearing import Hearing
from step3_async.gateway.own import Own
from step3_async.gateway.reception import Reception
from step3_async.gateway.registry import Registry
from step3_async.gateway.sending import Sender, make_session
from step3_async.gateway.settling import Settling
from step3_async.gateway.waiting import Waiting
from step3_async.rapids.transport import Transport, Unavailable

PAUSE = 0.5


@dataclass(frozen=True)
class Gateway:
    """The application `face`, and what stands behind it."""

    face: Face
    own: Own
    attending: Attending
    registry: Registry
    cache: Cache


@asynccontextmanager
async def gateway(transport: Transport) -> AsyncIterator[Gateway]:
    """A gateway as the environment describes it, which hears what `transport` signals."""
    registry = Registry()
    balancer = Balancer(registry, Services(ServiceSettings.read().services_file))
    cache = Cache(settings.get_cache_bytes(), settings.get_cache_entries())
    doubts = Doubts(transport)
    settling = Settling(registry, doubts)
    hearing = Hearing(transport, registry, balancer, settling, cache)
    secret = TrustSettings.read().face_secret
    ids = CommandIds(settings.get_secret())
    waiting = Waiting(settling, doubts, registry, ids, settings.get_settle_seconds())
    own = Own(transport, registry, balancer)
    proxies = TrustedProxies(TrustSettings.read().proxies)
    reception = Reception(balancer, secret, settings.get_request_seconds(), proxies)
    await _started(hearing)
    async with make_session() as session:
        answers = Answers(Caller(Sender(session), registry, balancer, secret), own, waiting)
        attending = Attending(
            reception,
            answers,
            Flights(cache),
            most=settings.get_requests_at_once(),
            own_port=settings.get_own_port(),
            body_seconds=settings.get_body_seconds(),
        )
        try:
            yield Gateway(Face(reception, cache, attending), own, attending, registry, cache)
        finally:
            hearing.stop()


async def _started(hearing: Hearing) -> None:
    while True:
        try:
            await hearing.start()
        except Unavailable:
            await asyncio.sleep(PAUSE)
        else:
            return
