"""`python -m workshop.kubernetes.write`: writes the folders below `kubernetes/` from the steps' manifests."""

import json
from pathlib import Path

from workshop.containers.compose import as_yaml, manifest_of
from workshop.containers.parts import SERVICES_FILE, container_of, parts, services_content
from workshop.kubernetes.objects import PART_OF, Object, made, namespace
from workshop.kubernetes.policies import policies
from workshop.kubernetes.stores import NODES, stores
from workshop.kubernetes.workloads import SERVICES, SETTINGS, workload
from workshop.state import ROOT
from workshop.steps import Step, read_step

STEPS = (2, 3)
FOLDER = ROOT / "kubernetes"
HEAD = "# Made from {manifest} by `python -m workshop.kubernetes.write`; a test compares.\n"
KUSTOMIZATION = "kustomization.yaml"


def files(step: Step) -> dict[str, str]:
    """Return the files of a step's folder by name."""
    found = {**_base(step), **stores(step)}
    shares = {
        container_of(service, version): each.share
        for service in step.services.values()
        for version, each in service.versions.items()
    }
    for part in parts(step):
        found[part.name] = workload(step.number, part, shares.get(part.name, 100))
    head = HEAD.format(manifest=manifest_of(step.number))
    written = {
        f"{name}.yaml": head + as_yaml([_placed(step.number, each) for each in objects])
        for name, objects in found.items()
    }
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(written),
    }
    return {**written, KUSTOMIZATION: head + as_yaml([kustomization])}


def _base(step: Step) -> dict[str, list[Object]]:
    """Return the namespace, the ConfigMaps and the policies."""
    name = namespace(step.number)
    place = made("v1", "Namespace", name)
    place["metadata"]["labels"] |= {
        f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")
    }
    settings = {"RAPIDS_REPLICAS": str(NODES)} if step.nats else {"STONES_LOG_LEVEL": "INFO"}
    shares = {
        name: {version: each.share for version, each in service.versions.items()}
        for name, service in step.services.items()
    }
    services = {Path(SERVICES_FILE).name: json.dumps(services_content(step, shares), indent=1)}
    return {
        "namespace": [place],
        SETTINGS: [made("v1", "ConfigMap", SETTINGS, data=settings)],
        SERVICES: [made("v1", "ConfigMap", SERVICES, data=services)],
        "policies": policies(step, parts(step)),
    }


def _placed(step: int, thing: Object) -> Object:
    """Return an object with what it and its pods are part of."""
    own = {PART_OF: namespace(step)}
    thing["metadata"]["labels"] |= own
    if thing["kind"] != "Namespace":
        thing["metadata"]["namespace"] = namespace(step)
    if template := thing.get("spec", {}).get("template"):
        template["metadata"]["labels"] |= own
    return thing


if __name__ == "__main__":
    for number in STEPS:
        folder = FOLDER / f"step{number}"
        folder.mkdir(parents=True, exist_ok=True)
        wanted = files(read_step(number))
        for old in folder.glob("*.yaml"):
            if old.name not in wanted:
                old.unlink()
        for name, content in wanted.items():
            (folder / name).write_text(content)
