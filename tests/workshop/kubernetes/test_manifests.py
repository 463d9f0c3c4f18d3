"""The manifests for Kubernetes fit the steps, are valid, and let nobody do more than it must."""

import base64
import json
import os
import shutil
import subprocess
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner

from tests.support.workshop_command import call
from workshop.containers.parts import MAIL, MONGO, NATS, Part, container_of, parts
from workshop.kubernetes.command import secrets
from workshop.kubernetes.objects import NAME, PART_OF, namespace
from workshop.kubernetes.write import FOLDER, KUSTOMIZATION, STEPS, files
from workshop.steps import read_step

ALL = [(number, part) for number in STEPS for part in parts(read_step(number))]
NAMES = [f"step{number}-{part.name}" for number, part in ALL]
VERSION = "1.31"
"""The version of Kubernetes whose schemas are used."""

PODS = ("Deployment", "StatefulSet", "Job")
Object = dict[str, Any]


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path_factory.mktemp("state")))


@cache
def read(number: int) -> list[Object]:
    """Return the objects that the kustomization of a step names."""
    folder = FOLDER / f"step{number}"
    names = yaml.safe_load((folder / KUSTOMIZATION).read_text())["resources"]
    return [each for name in names for each in yaml.safe_load_all((folder / name).read_text())]


def found(number: int, kind: str) -> dict[str, Object]:
    """Return the objects of one kind by name."""
    return {each["metadata"]["name"]: each for each in read(number) if each["kind"] == kind}


def pods(number: int) -> dict[str, Object]:
    """Return the templates of all pods by the name of what makes them."""
    return {name: each["spec"]["template"] for kind in PODS for name, each in found(number, kind).items()}


def secret_objects(number: int) -> dict[str, Object]:
    """Return what the command prints, by name."""
    done = CliRunner().invoke(secrets, ["--step", str(number)])
    assert done.exit_code == 0, done.output
    return {each["metadata"]["name"]: each for each in json.loads(done.output)["items"]}


@pytest.mark.parametrize("number", STEPS)
def test_files_are_what_the_manifest_says(number: int) -> None:
    wanted = files(read_step(number))
    folder = FOLDER / f"step{number}"
    assert {each.name for each in folder.iterdir()} == wanted.keys()
    for name, content in wanted.items():
        assert (folder / name).read_text() == content, "Run: .venv/bin/python -m workshop.kubernetes.write"


@pytest.mark.parametrize("number", STEPS)
def test_objects_are_valid(number: int) -> None:
    for each in [*read(number), *secret_objects(number).values()]:
        kubernetes_validate.validate(each, VERSION, strict=True)


def test_an_invalid_object_is_noticed() -> None:
    deployment = found(2, "Deployment")["web"]
    deployment["spec"]["template"]["spec"]["containers"][0]["imagePolicy"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSION, strict=True)


@pytest.mark.parametrize("number", STEPS)
def test_no_service_of_the_manifest_is_forgotten(number: int) -> None:
    manifest = read_step(number)
    wanted = {
        container_of(service, version)
        for service in manifest.services.values()
        for version in service.versions
    }
    wanted |= {each.name for each in manifest.processes}
    assert found(number, "Deployment").keys() == wanted | {MAIL}
    assert found(number, "StatefulSet").keys() == {MONGO, *([NATS] if manifest.nats else [])}
    assert found(number, "Service").keys() == wanted | {MAIL, *found(number, "StatefulSet")}


@pytest.mark.parametrize("number", STEPS)
def test_pods_fulfil_the_restricted_standard(number: int) -> None:
    """The rules are those of the Pod Security Standards."""
    for name, template in pods(number).items():
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        assert pod["automountServiceAccountToken"] is False, name
        kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
        assert kinds <= {"emptyDir", "secret", "configMap"}, name
        for each in pod["containers"]:
            context = each["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert each["resources"]["limits"]["memory"], name
    labels = found(number, "Namespace")[namespace(number)]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("number", STEPS)
def test_what_scales_is_scaled_and_guarded(number: int) -> None:
    deployments, budgets = found(number, "Deployment"), found(number, "PodDisruptionBudget")
    scaled = found(number, "HorizontalPodAutoscaler")
    for name, each in scaled.items():
        assert each["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in deployments[name]["spec"], "applying it again would undo what was scaled"
        assert deployments[name]["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"]
        assert name in budgets
    alone = {"sync"} if number == 2 else {"capture"}
    assert deployments.keys() - scaled.keys() == alone | {MAIL, "search-v1"}
    for name, each in budgets.items():
        replicas = (deployments | found(number, "StatefulSet"))[name]["spec"].get("replicas", 2)
        assert replicas > each["spec"]["maxUnavailable"], f"{name}: no node could ever be emptied"


@pytest.mark.parametrize(("number", "part"), ALL, ids=NAMES)
def test_a_pod_gets_its_own_secrets_only(number: int, part: Part) -> None:
    volumes = pods(number)[part.name]["spec"]["volumes"]
    named = [each["secret"]["secretName"] for each in volumes if "secret" in each]
    assert named == ([part.name] if part.secrets else [])
    if part.secrets:
        data = secret_objects(number)[part.name]["data"]
        assert data.keys() == part.secrets.keys()
        if "MONGODB_URI" in data:
            uri = base64.b64decode(data["MONGODB_URI"]).decode()
            assert f"/step{number}_{part.image}?" in uri
            assert uri.count(":27017") == 3


@pytest.mark.parametrize("number", STEPS)
def test_secrets_exist_and_are_in_no_file(number: int) -> None:
    printed = secret_objects(number)
    for template in pods(number).values():
        for volume in template["spec"]["volumes"]:
            assert "secret" not in volume or volume["secret"]["secretName"] in printed
    committed = "".join(path.read_text() for path in FOLDER.rglob("*.yaml"))
    for each in printed.values():
        for value in each["data"].values():
            assert base64.b64decode(value).decode() not in committed
    again = json.loads(call(["secrets", "--step", str(number)], os.environ))
    assert {each["metadata"]["name"]: each for each in again["items"]} == printed


def allowed(number: int, source: str, target: str, port: int) -> bool:
    """Return whether the policies let pods of `source` reach that port of `target`."""
    from_labels, to_labels = (pods(number)[name]["metadata"]["labels"] for name in (source, target))
    named = {
        each["name"]: each["containerPort"]
        for container in pods(number)[target]["spec"]["containers"]
        for each in container.get("ports", ())
    }

    def permits(direction: str, side: str, own: Object, other: Object) -> bool:
        for policy in found(number, "NetworkPolicy").values():
            chosen = policy["spec"]["podSelector"].get("matchLabels", {})
            if not chosen.items() <= own.items():
                continue
            for rule in policy["spec"].get(direction, ()):
                numbers = {named.get(each["port"], each["port"]) for each in rule.get("ports", ())}
                peers = [
                    each["podSelector"]["matchLabels"] for each in rule.get(side, ()) if "podSelector" in each
                ]
                everybody = side not in rule
                if port in numbers and (everybody or any(each.items() <= other.items() for each in peers)):
                    return True
        return False

    return permits("egress", "to", from_labels, to_labels) and permits(
        "ingress", "from", to_labels, from_labels
    )


@pytest.mark.parametrize(("number", "part"), ALL, ids=NAMES)
def test_a_service_reaches_its_own_store_only(number: int, part: Part) -> None:
    assert allowed(number, part.name, MONGO, 27017) == ("MONGODB_URI" in part.secrets)
    if read_step(number).nats:
        assert allowed(number, part.name, NATS, 4222) == ("NATS_URL" in part.secrets)
        assert not allowed(number, part.name, NATS, 6222), "a stranger could join the cluster"
    assert allowed(number, part.name, MAIL, 1025) == ("SMTP_HOST" in part.env)


@pytest.mark.parametrize("number", STEPS)
def test_nothing_is_allowed_that_no_policy_allows(number: int) -> None:
    nothing = found(number, "NetworkPolicy")["nothing"]["spec"]
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert not allowed(number, MAIL, MONGO, 27017)
    assert allowed(number, MONGO, MONGO, 27017)
    assert allowed(number, "prepare", MONGO, 27017)
    face = next(part.name for its, part in ALL if its == number and part.published)
    assert allowed(number, face, "search", 8000)
    assert allowed(number, "members", "search", 8000)
    assert not allowed(number, MAIL, "search", 8000)


@pytest.mark.parametrize("number", STEPS)
def test_everything_is_labelled_as_part_of_the_step(number: int) -> None:
    for each in read(number):
        assert each["metadata"]["labels"][PART_OF] == namespace(number)
        assert each["metadata"]["labels"][NAME]
        assert each["kind"] == "Namespace" or each["metadata"]["namespace"] == namespace(number)


@pytest.mark.parametrize("number", STEPS)
@pytest.mark.parametrize("folder", ["step{}", "laptop/step{}"])
def test_kubectl_accepts_the_folder(number: int, folder: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("there is no kubectl")
    done = subprocess.run(
        [kubectl, "kustomize", str(FOLDER / folder.format(number))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    objects = [each for each in yaml.safe_load_all(done.stdout) if each]
    for each in objects:
        kubernetes_validate.validate(each, VERSION, strict=True)
    kinds = {each["kind"] for each in objects}
    assert ("HorizontalPodAutoscaler" in kinds) == ("laptop" not in folder)
    if "laptop" in folder:
        assert {each["spec"]["replicas"] for each in objects if each["kind"] == "Deployment"} == {1}
