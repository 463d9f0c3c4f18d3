"""Who may speak to whom in a step's namespace: what no policy allows is refused."""

from collections.abc import Iterable, Iterator

from workshop.containers.parts import MAIL, MONGO, MONGO_PORT, NATS, NATS_PORT, SMTP_PORT, Part
from workshop.kubernetes.objects import NAME, PART_OF, Object, made, namespace
from workshop.kubernetes.stores import ROUTES_PORT
from workshop.kubernetes.workloads import port_of
from workshop.steps import Step

DNS_PORT = 53
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
"""Networks of which a service that fetches pictures has to know nothing."""

FETCHES = "images"
STORE_PORTS = {MONGO: MONGO_PORT, NATS: NATS_PORT, MAIL: SMTP_PORT}


def policies(step: Step, parts: Iterable[Part]) -> list[Object]:
    """Return the policies of a step."""
    found = [*parts]
    return [
        _policy("nothing", {}, policyTypes=["Ingress", "Egress"]),
        _policy(
            "names",
            {},
            policyTypes=["Egress"],
            egress=[{"ports": [_port(DNS_PORT, "UDP"), _port(DNS_PORT)]}],
        ),
        *_stores(step),
        *(each for part in found for each in _part(step, part)),
    ]


def _stores(step: Step) -> Iterator[Object]:
    """Yield who may reach each store: whom it is for, what prepares it, and its other nodes."""
    for store, port in STORE_PORTS.items():
        if store == NATS and not step.nats:
            continue
        users = [_pods({f"stones/{store}": "yes"}), _pods({"stones/prepares": "yes"})]
        ingress = [{"from": users, "ports": [_port(port)]}]
        egress = []
        if store != MAIL:
            among = _port(ROUTES_PORT if store == NATS else port)
            ingress.append({"from": [_pods({NAME: store})], "ports": [among]})
            egress = [{"to": [_pods({NAME: store})], "ports": [among]}]
        yield _policy(store, {NAME: store}, policyTypes=["Ingress", "Egress"], ingress=ingress, egress=egress)
        for whose, label in (("users", f"stones/{store}"), ("prepare", "stones/prepares")):
            yield _policy(
                f"{whose}-to-{store}",
                {label: "yes"},
                policyTypes=["Egress"],
                egress=[{"to": [_pods({NAME: store})], "ports": [_port(port)]}],
            )


def _part(step: Step, part: Part) -> Iterator[Object]:
    """Yield what one container may do besides: respond to the others of its step, and ask them."""
    port = _port(port_of(part))
    others: list[Object] = [{"from": [_pods({PART_OF: namespace(step.number)})], "ports": [port]}]
    if part.published:
        others = [{"ports": [port]}]
    egress: list[Object] = [{"to": [_pods({PART_OF: namespace(step.number)})], "ports": [_port("http")]}]
    if part.name == FETCHES:
        internet = {"ipBlock": {"cidr": "0.0.0.0/0", "except": [*PRIVATE]}}
        egress.append({"to": [internet], "ports": [_port(80), _port(443)]})
    yield _policy(
        part.name, {NAME: part.name}, policyTypes=["Ingress", "Egress"], ingress=others, egress=egress
    )


def _policy(name: str, labels: dict[str, str], **spec: object) -> Object:
    chosen = {"matchLabels": labels} if labels else {}
    return made("networking.k8s.io/v1", "NetworkPolicy", name, spec={"podSelector": chosen, **spec})


def _pods(labels: dict[str, str]) -> Object:
    return {"podSelector": {"matchLabels": labels}}


def _port(port: int | str, protocol: str = "TCP") -> Object:
    return {"protocol": protocol, "port": port}
