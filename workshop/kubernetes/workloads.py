"""The containers of a step as Deployments, with what scales and guards them."""

from workshop.containers.parts import MONGO, NATS, SERVICE_PORT, SERVICES_FOLDER, Part
from workshop.kubernetes.objects import (
    NOBODY,
    SECRETS_FOLDER,
    Object,
    budget,
    container,
    made,
    pod,
    scratch,
    secret,
    selector,
)

ALONE = {"sync", "capture"}
"""Services of which one instance does all the work at a time: a second one only waits to take over."""

REPLICAS, MOST_REPLICAS = 2, 10
CPU, MEMORY = "250m", "128Mi"
MOST_MEMORY = "768Mi"
"""Each of eight threads may check a password, which takes 64 MiB."""

CPU_PERCENT = 70
"""Of the CPU that pods ask for: above it the autoscaler adds pods."""

SETTINGS, SERVICES = "settings", "services"
"""The ConfigMaps with the step's settings, and with the services file."""


def needs_of(part: Part) -> dict[str, str]:
    """Return the labels of a part's pods that network policies look at."""
    found = {"MONGODB_URI": MONGO, "NATS_URL": NATS}
    labels = {f"stones/{store}": "yes" for variable, store in found.items() if variable in part.secrets}
    return {**labels, **({"stones/mail": "yes"} if "SMTP_HOST" in part.env else {})}


def port_of(part: Part) -> int:
    """Return the port at which a part's container responds."""
    return part.published or SERVICE_PORT


def workload(step: int, part: Part, share: int) -> list[Object]:
    """Return the objects of a container that gets so many percent of its service's requests."""
    is_scaled = part.name not in ALONE and share > 0
    replicas = REPLICAS if share > 0 else 1
    found = [_deployment(step, part, None if is_scaled else replicas), _service(part)]
    if replicas > 1:
        found.append(budget(part.name))
    if is_scaled:
        found.append(_autoscaler(part.name))
    return found


def _deployment(step: int, part: Part, replicas: int | None) -> Object:
    """Return a deployment. One whose number of pods the autoscaler decides says none."""
    volumes = {"/tmp": "tmp"}  # noqa: S108 - a volume of the container's own
    sources = [scratch("tmp")]
    if part.secrets:
        volumes[SECRETS_FOLDER] = "secrets"
        sources.append(secret(part.name))
    if "SERVICES_FILE" in part.env:
        volumes[SERVICES_FOLDER] = SERVICES
        sources.append({"name": SERVICES, "configMap": {"name": SERVICES}})
    template = pod(
        part.name,
        needs_of(part),
        NOBODY,
        [
            container(
                part.name,
                f"stones/step{step}-{part.image}",
                cpu=CPU,
                memory=MEMORY,
                most_memory=MOST_MEMORY,
                volumes=volumes,
                imagePullPolicy="IfNotPresent",
                envFrom=[{"configMapRef": {"name": SETTINGS}}],
                env=[{"name": name, "value": value} for name, value in part.env.items()],
                ports=[{"name": "http", "containerPort": port_of(part)}],
                startupProbe={**_probe("live"), "periodSeconds": 2, "failureThreshold": 60},
                livenessProbe={**_probe("live"), "periodSeconds": 10, "failureThreshold": 6},
                readinessProbe={**_probe("ready"), "periodSeconds": 2, "failureThreshold": 3},
            )
        ],
        volumes=sources,
        terminationGracePeriodSeconds=30,
    )
    return made(
        "apps/v1",
        "Deployment",
        part.name,
        spec={
            **({"replicas": replicas} if replicas else {}),
            "selector": selector(part.name),
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": template,
        },
    )


def _probe(what: str) -> Object:
    return {"httpGet": {"path": f"/health/{what}", "port": "http"}, "timeoutSeconds": 5}


def _service(part: Part) -> Object:
    """Return the name of a part's pods. A face has one address; callers of services choose among theirs, and
    ask themselves who is ready, as `sync` also speaks to those whose stores are still being filled.
    """
    ports = [{"name": "http", "port": port_of(part), "targetPort": "http"}]
    own = {} if part.published else {"clusterIP": "None", "publishNotReadyAddresses": True}
    return made("v1", "Service", part.name, spec={**own, **selectors(part.name), "ports": ports})


def selectors(name: str) -> Object:
    """Return the selector of a Service."""
    return {"selector": selector(name)["matchLabels"]}


def _autoscaler(name: str) -> Object:
    return made(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        name,
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": REPLICAS,
            "maxReplicas": MOST_REPLICAS,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": CPU_PERCENT},
                    },
                }
            ],
        },
    )
