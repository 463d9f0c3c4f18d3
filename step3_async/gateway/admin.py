"""The admin endpoints: health and metrics of this instance, and the registry as it knows it."""

import time
from collections.abc import Callable

from starlette.responses import Response

from kit.http.problems import NotFound
from kit.metrics.exposition import exposition
from step3_async.client.routing.balancer import Balancer
from step3_async.client.routing.registry import Registry
from step3_async.gateway.ingress.request import Request
from step3_async.gateway.ingress.responses import SAFE, json_response, respond_to_other_methods
from step3_async.gateway.settings import GatewaySettings
from step3_async.rapids.bus import Bus
from step3_async.rapids.messages import API

RAPIDS = "rapids"


class AdminEndpoints:
    """The endpoints of an instance of the gateway."""

    def __init__(self, bus: Bus, registry: Registry, balancer: Balancer, settings: GatewaySettings) -> None:
        self._bus, self._registry, self._balancer = bus, registry, balancer
        self._expected, self._needed = settings.expected_services, settings.needed_services
        self._endpoints: dict[str, Callable[[], Response]] = {
            "/health/live": lambda: json_response({"_status": "OK"}),
            "/health/ready": self._ready,
            "/metrics": self._metrics,
            "/registry": self._instances,
        }

    def has(self, path: str) -> bool:
        """Return whether there is an admin endpoint at this path."""
        return path.removeprefix(API) in self._endpoints

    def respond(self, request: Request) -> Response:
        """Return the endpoint's response. Raises NotFound and WrongMethod."""
        endpoint = self._endpoints.get(request.path.removeprefix(API))
        if endpoint is None:
            raise NotFound("There is nothing at this address.")
        request.label = request.path
        return respond_to_other_methods(request) or endpoint()

    def is_ready(self) -> bool:
        """Return whether all expected services have been up once, and the needed ones are up now."""
        return not self._registry.missing and self.can_serve()

    def can_serve(self) -> bool:
        """Return whether the services that are always needed are up."""
        return all(self._is_up(part) for part in self._needed)

    def _is_up(self, part: str) -> bool:
        return self._bus.connected if part == RAPIDS else bool(self._registry.up(part))

    def _ready(self) -> Response:
        parts = {part: "ok" if self._is_up(part) else "down" for part in (RAPIDS, *self._expected)}
        if self.is_ready():
            return json_response({"_status": "OK", "parts": parts})
        return json_response({"_status": "ERR", "parts": parts}, 503, {"Retry-After": "2"})

    def _metrics(self) -> Response:
        content, content_type = exposition()
        return Response(content, headers={**SAFE, "Content-Type": content_type})

    def _instances(self) -> Response:
        rows = [
            {
                "service": each.announced.service,
                "version": each.announced.version,
                "share": self._balancer.share(each.announced.service, each.announced.version),
                **each.announced.model_dump(
                    include={"instance", "url", "state", "tags", "load", "pending", "pid"}
                ),
                "heartbeat": round(time.monotonic() - each.seen_at, 1),
                "breaker": "open" if each.breaker.is_open else "closed",
            }
            for each in self._registry
        ]
        return json_response({"instances": rows})
