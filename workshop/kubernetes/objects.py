"""What all Kubernetes objects of a step have in common."""

from typing import Any

Object = dict[str, Any]
NAME, PART_OF = "app.kubernetes.io/name", "app.kubernetes.io/part-of"
NOBODY = 65534
SECRETS_FOLDER = "/run/secrets"


def namespace(step: int) -> str:
    """Return the name of a step's namespace."""
    return f"stones-step{step}"


def made(version: str, kind: str, name: str, **fields: Any) -> Object:
    """Return an object. Kustomize adds the namespace and what it is part of."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": {NAME: name}}, **fields}


def selector(name: str) -> Object:
    """Return what selects the pods of that name."""
    return {"matchLabels": {NAME: name}}


def budget(name: str) -> Object:
    """Return the rule that maintenance may stop one pod at a time."""
    return made(
        "policy/v1",
        "PodDisruptionBudget",
        name,
        spec={"maxUnavailable": 1, "selector": selector(name)},
    )


def pod(name: str, labels: dict[str, str], user: int, containers: list[Object], **fields: Any) -> Object:
    """Return the template of pods that fulfil the standard `restricted` of pod security."""
    return {
        "metadata": {"labels": {NAME: name, **labels}},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": user,
                "runAsGroup": user,
                "fsGroup": user,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": selector(name),
                }
            ],
            "containers": containers,
            **fields,
        },
    }


def container(
    name: str,
    image: str,
    *,
    cpu: str,
    memory: str,
    volumes: dict[str, str],
    most_memory: str | None = None,
    **fields: Any,
) -> Object:
    """Return a container that asks for so much CPU and memory, and may have `most_memory`, by default the
    same. `volumes` are the names of the pod's volumes by the folder at which the container has them.
    """
    return {
        "name": name,
        "image": image,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        # No limit of CPU: a pod may use what others leave, and the autoscaler looks at what is asked for.
        "resources": {
            "requests": {"cpu": cpu, "memory": memory},
            "limits": {"memory": most_memory or memory},
        },
        "volumeMounts": [
            {
                "name": volume,
                "mountPath": folder,
                **({"readOnly": True} if folder.startswith("/run/") else {}),
            }
            for folder, volume in volumes.items()
        ],
        **fields,
    }


def scratch(name: str) -> Object:
    """Return a volume that begins empty."""
    return {"name": name, "emptyDir": {}}


def secret(name: str) -> Object:
    """Return the volume with the files of a Secret."""
    return {"name": "secrets", "secret": {"secretName": name}}
