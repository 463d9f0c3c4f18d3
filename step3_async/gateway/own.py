"""What the gateway tells of itself: its health, its counts, and the registry."""

from collections.abc import Callable

from kit.metrics.exposition import exposition
from step3_async.gateway.balancing import Balancer
from step3_async.gateway.messages import READING, Answer, Asked
from step3_async.gateway.problems import READABLE, WrongMethod, as_json, options, whole
from step3_async.gateway.registry import Registry
from step3_async.gateway.routes import SERVICES
from step3_async.rapids.transport import Transport

NEEDED = ("web", "list")
"""Without these parts there is no first page."""

PARTS = tuple(dict.fromkeys(("rapids", *NEEDED, *SERVICES, "capture")))
"""Every verb has given its full answer once when all of them have been up; later a gap is no outage."""


class Own:
    """The views of an instance."""

    def __init__(self, transport: Transport, registry: Registry, balancer: Balancer) -> None:
        self._transport, self._registry, self._balancer = transport, registry, balancer
        self._all_were_up = False
        self._views: dict[str, Callable[[], Answer]] = {
            "/health/live": self._live,
            "/health/ready": self._ready,
            "/metrics": self._metrics,
            "/registry": self._instances,
        }

    def has(self, path: str) -> bool:
        """Whether there is a view at this path."""
        return path in self._views

    def answer(self, asked: Asked) -> Answer:
        """The view's answer. Raises WrongMethod."""
        if asked.method == "OPTIONS":
            return options(READABLE)
        if asked.method not in READING:
            raise WrongMethod(READABLE)
        return self._views[asked.path]()

    def is_ready(self) -> bool:
        """Whether every part has been there once, and those that are needed are now."""
        if not self._all_were_up:
            self._all_were_up = all(self._part(name) for name in PARTS)
        return self._all_were_up and self.can_serve()

    def can_serve(self) -> bool:
        """Whether the parts that are always needed are there."""
        return all(self._part(name) for name in NEEDED)

    def _part(self, name: str) -> bool:
        return self._transport.connected if name == "rapids" else bool(self._registry.up(name))

    def _live(self) -> Answer:
        return as_json({"_status": "OK"})

    def _ready(self) -> Answer:
        parts = {name: "ok" if self._part(name) else "down" for name in PARTS}
        if self.is_ready():
            return as_json({"_status": "OK", "parts": parts})
        answer = as_json({"_status": "ERR", "parts": parts}, 503)
        answer.headers = [*answer.headers, (b"retry-after", b"2")]
        return answer

    def _metrics(self) -> Answer:
        content, content_type = exposition()
        return whole(200, content, content_type.encode())

    def _instances(self) -> Answer:
        told = [
            {
                "service": each.told.service,
                "version": each.told.version,
                "share": self._balancer.share(each.told.service, each.told.version),
                **each.told.model_dump(include={"instance", "url", "state", "tags", "load", "behind", "pid"}),
                "heartbeat": round(self._registry.age(each), 1),
                "breaker": "open" if each.breaker.is_open else "closed",
            }
            for each in self._registry
        ]
        return as_json({"instances": told})
