"""MongoDB as a replica set and NATS as a cluster, three pods each; a pod that catches mail; and the Job that
prepares the stores.
"""

from workshop.containers.compose import IMAGES, PREPARE, mongod_command
from workshop.containers.parts import MAIL, MAIL_PORT, MONGO, MONGO_PORT, NATS, NATS_PORT, SMTP_PORT
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
from workshop.kubernetes.workloads import SETTINGS, selectors
from workshop.steps import Step

NODES = 3
MONGO_USER = 999
"""The user of the official image."""

ROUTES_PORT = 6222
CLUSTER = "stones"
STORAGE = "10Gi"
MEMBERS = tuple(f"{MONGO}-{number}.{MONGO}:{MONGO_PORT}" for number in range(NODES))
"""The members of the replica set, as pods of the namespace reach them."""


def stores(step: Step) -> dict[str, list[Object]]:
    """Return the objects of each store, and those of what prepares them."""
    found = {MONGO: mongo(step), MAIL: mail(), PREPARE: [prepare(step)]}
    return found | ({NATS: nats()} if step.nats else {})


def mongo(step: Step) -> list[Object]:
    """Return the replica set. Beside each member runs what makes them a set, which MongoDB obeys from the
    same pod only, as long as it has no user.
    """
    server = container(
        MONGO,
        IMAGES["MONGO"],
        cpu="250m",
        memory="1Gi",
        volumes={"/data/db": "data", "/tmp": "tmp", SECRETS_FOLDER: "secrets"},  # noqa: S108
        command=["sh", "-c", mongod_command()],
        ports=[{"name": MONGO, "containerPort": MONGO_PORT}],
        **_open(MONGO),
    )
    initiating = container(
        "initiate",
        f"stones/step{step.number}-tools",
        cpu="10m",
        memory="128Mi",
        volumes={"/tmp": "tools", f"{SECRETS_FOLDER}": "prepare"},  # noqa: S108
        imagePullPolicy="IfNotPresent",
        args=[str(step.number), "initiate"],
        env=[
            {"name": "MONGO_MEMBERS", "value": ",".join(MEMBERS)},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
    )
    sources = [scratch("tmp"), scratch("tools"), secret(MONGO)]
    sources.append({"name": "prepare", "secret": {"secretName": PREPARE}})
    template = pod(
        MONGO,
        {},
        MONGO_USER,
        [server, initiating],
        volumes=sources,
        terminationGracePeriodSeconds=60,
    )
    return _cluster(MONGO, template, {MONGO: MONGO_PORT})


def nats() -> list[Object]:
    """Return the cluster."""
    routes = ",".join(f"nats://{NATS}-{number}.{NATS}:{ROUTES_PORT}" for number in range(NODES))
    server = container(
        NATS,
        IMAGES["NATS"],
        cpu="100m",
        memory="512Mi",
        volumes={"/data": "data", "/tmp": "tmp", SECRETS_FOLDER: "secrets"},  # noqa: S108
        command=["nats-server"],
        args=nats_arguments("$(POD_NAME)", f"0.0.0.0:{ROUTES_PORT}", routes),
        env=[{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        ports=[
            {"name": NATS, "containerPort": NATS_PORT},
            {"name": "routes", "containerPort": ROUTES_PORT},
        ],
        **_open(NATS),
    )
    template = pod(
        NATS,
        {},
        NOBODY,
        [server],
        volumes=[scratch("tmp"), secret(NATS)],
        terminationGracePeriodSeconds=60,
    )
    return _cluster(NATS, template, {NATS: NATS_PORT, "routes": ROUTES_PORT})


def nats_arguments(
    name: str, listen: str, routes: str, config: str = f"{SECRETS_FOLDER}/nats.conf"
) -> list[str]:
    """Return the arguments of a server of the cluster. The configuration file is the same for all, and what
    makes each of them one of several comes from here.
    """
    cluster = ["--cluster_name", CLUSTER, "--cluster", f"nats://{listen}", "--routes", routes]
    return ["--config", config, "--name", name, *cluster]


def mail() -> list[Object]:
    """Return what catches mail. It takes the place of a mail server, and keeps nothing."""
    ports = {"smtp": SMTP_PORT, "http": MAIL_PORT}
    server = container(
        MAIL,
        IMAGES["MAIL"],
        cpu="10m",
        memory="128Mi",
        volumes={"/tmp": "tmp"},  # noqa: S108
        ports=[{"name": name, "containerPort": port} for name, port in ports.items()],
        **_open("http"),
    )
    template = pod(MAIL, {}, NOBODY, [server], volumes=[scratch("tmp")])
    return [
        made(
            "apps/v1",
            "Deployment",
            MAIL,
            spec={"replicas": 1, "selector": selector(MAIL), "template": template},
        ),
        made("v1", "Service", MAIL, spec={**selectors(MAIL), "ports": _ports(ports)}),
    ]


def prepare(step: Step) -> Object:
    """Return the Job that makes users, indexes, streams and the first posts. It tries again until the stores
    are up, and can be repeated.
    """
    runs = container(
        PREPARE,
        f"stones/step{step.number}-tools",
        cpu="100m",
        memory="256Mi",
        volumes={"/tmp": "tmp", SECRETS_FOLDER: "secrets"},  # noqa: S108
        imagePullPolicy="IfNotPresent",
        args=[str(step.number), PREPARE],
        envFrom=[{"configMapRef": {"name": SETTINGS}}],
        env=[{"name": "MONGO_MEMBERS", "value": ",".join(MEMBERS)}],
    )
    template = pod(
        PREPARE,
        {"stones/prepares": "yes"},
        NOBODY,
        [runs],
        volumes=[scratch("tmp"), secret(PREPARE)],
        restartPolicy="OnFailure",
    )
    return made("batch/v1", "Job", PREPARE, spec={"backoffLimit": 20, "template": template})


def _cluster(name: str, template: Object, ports: dict[str, int]) -> list[Object]:
    """Return pods with names and disks of their own, which find each other before they are ready."""
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": STORAGE}}},
    }
    pods = made(
        "apps/v1",
        "StatefulSet",
        name,
        spec={
            "serviceName": name,
            "replicas": NODES,
            "podManagementPolicy": "Parallel",
            "selector": selector(name),
            "template": template,
            "volumeClaimTemplates": [claim],
        },
    )
    names = made(
        "v1",
        "Service",
        name,
        spec={
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            **selectors(name),
            "ports": _ports(ports),
        },
    )
    return [pods, names, budget(name)]


def _ports(ports: dict[str, int]) -> list[Object]:
    return [{"name": name, "port": port, "targetPort": name} for name, port in ports.items()]


def _open(port: str) -> Object:
    """Return probes that see whether a server accepts connections."""
    return {
        "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 2},
        "livenessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 10, "failureThreshold": 6},
    }
