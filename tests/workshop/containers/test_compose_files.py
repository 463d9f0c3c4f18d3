"""The compose files and Dockerfiles fit the manifests of the steps."""

import json
import shlex
from collections import Counter
from typing import Any

import pytest
import yaml

from kit.server import config
from kit.settings import LimitSettings
from workshop import state
from workshop.containers.compose import COMMON, FOLDER, file_of, text
from workshop.containers.files import PASSWORDS, contents, folder, write_files
from workshop.containers.parts import MAIL, MONGO, NATS, Part, container_of, parts
from workshop.default_ports import default_ports
from workshop.state import ROOT
from workshop.steps import read_step, step_numbers

ALL = [(number, part) for number in step_numbers() for part in parts(read_step(number))]
NAMES = [f"step{number}-{part.name}" for number, part in ALL]


def services(number: int) -> dict[str, Any]:
    """Return the services of a compose file, with what they extend."""
    own = yaml.safe_load(file_of(number).read_text())["services"]
    common = yaml.safe_load((FOLDER / COMMON).read_text())["services"]
    return {name: {**common[each["extends"]["service"]], **each} for name, each in own.items()}


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path_factory.mktemp("state")))


@pytest.mark.parametrize("number", step_numbers())
def test_file_is_what_the_manifest_says(number: int) -> None:
    assert file_of(number).read_text() == text(read_step(number)), (
        "Run: .venv/bin/python -m workshop.containers.compose"
    )


@pytest.mark.parametrize("number", step_numbers())
def test_no_service_of_the_manifest_is_forgotten(number: int) -> None:
    manifest = read_step(number)
    wanted = {
        container_of(service, version)
        for service in manifest.services.values()
        for version in service.versions
    }
    wanted |= {each.name for each in manifest.processes}
    stores = {MONGO, MAIL, "prepare", *([NATS] if manifest.nats else [])}
    assert services(number).keys() == wanted | stores


def test_no_two_dockerfiles_have_the_same_size() -> None:
    """BuildKit in Docker 20.10 takes a Dockerfile for one that it has, if size and time of change are equal,
    as they are after a checkout: two services then get one image.
    """
    files = [
        path for folder in (*ROOT.glob("step*"), ROOT / "docker") for path in folder.rglob("*Dockerfile")
    ]
    sizes = Counter(path.stat().st_size for path in files)
    assert len(sizes) > 20
    assert [size for size, count in sizes.items() if count > 1] == []


@pytest.mark.parametrize(("number", "part"), ALL, ids=NAMES)
def test_image_runs_what_the_manifest_says(number: int, part: Part) -> None:
    last = (ROOT / part.folder / "Dockerfile").read_text().splitlines()[-1]
    assert json.loads(last.removeprefix("CMD ")) == [*part.command]


@pytest.mark.parametrize("number", step_numbers())
def test_no_container_may_do_more_than_it_must(number: int) -> None:
    for name, each in services(number).items():
        assert each["user"].partition(":")[0] not in ("", "0", "root"), name
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert {"mem_limit", "cpus"} <= each.keys(), name


@pytest.mark.parametrize("number", step_numbers())
def test_only_the_printed_addresses_are_published_and_only_here(number: int) -> None:
    manifest = read_step(number)
    published = {name: each["ports"] for name, each in services(number).items() if "ports" in each}
    shown = {
        part.name: f"127.0.0.1:${{{part.shown}:-{default_ports()[part.shown]}}}:8000"
        for part in parts(manifest)
        if part.shown
    }
    face = next(part.name for part in parts(manifest) if part.published)
    assert published == {
        **{name: [port] for name, port in shown.items()},
        face: [f"127.0.0.1:${{{manifest.port_variable}:-{8000 + number}}}:{8000 + number}"],
        MAIL: ["127.0.0.1:${MAIL_HTTP_PORT:-8025}:8025"],
    }
    assert len(shown) == len([url for url in manifest.urls.values() if "ports[" in url])
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


@pytest.mark.parametrize("number", step_numbers())
def test_each_container_gets_its_own_secrets_only(number: int) -> None:
    written = contents(read_step(number))
    for part in parts(read_step(number)):
        found = services(number)[part.name].get("secrets", [])
        assert {each["target"] for each in found} == part.secrets.keys()
        assert {each["source"] for each in found} == {f"{part.name}.{each}" for each in part.secrets}
        assert all(written[each["source"]] for each in found)


@pytest.mark.parametrize("number", step_numbers())
def test_secrets_are_in_no_file_of_the_repository(number: int) -> None:
    secrets = json.loads(contents(read_step(number))[PASSWORDS])
    assert secrets
    file = file_of(number).read_text()
    assert not [name for name, value in secrets.items() if value in file]


@pytest.mark.parametrize("number", step_numbers())
def test_files_are_written_where_only_their_owner_can_enter(number: int) -> None:
    for _ in range(2):
        write_files(read_step(number))
    assert state.folder().stat().st_mode & 0o077 == 0
    for name, content in contents(read_step(number)).items():
        path = folder(number) / name
        assert path.read_text() == content
        assert path.stat().st_mode & 0o777 == 0o444


def test_build_of_each_image_is_named_in_its_dockerfile() -> None:
    for path in {ROOT / part.folder / "Dockerfile" for _, part in ALL}:
        command = shlex.split(path.read_text().splitlines()[0].partition(": ")[2])
        assert command == ["docker", "build", "-f", str(path.relative_to(ROOT)), "."]


def test_a_container_may_have_the_memory_of_all_passwords_at_once() -> None:
    """Each thread of each worker may check one; the workers themselves take 100 MB."""
    common = yaml.safe_load((FOLDER / COMMON).read_text())["services"]["process"]
    limit = int(common["mem_limit"].removesuffix("m")) * 1024
    passwords = config.workers * config.threads * LimitSettings.model_fields["password_memory_kib"].default
    assert limit >= passwords + 200 * 1024
