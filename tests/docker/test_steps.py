"""Each step in containers: the contract, and what containers promise beside it."""

import subprocess
import sys

import pytest

from tests.docker.running_containers import RunningContainers
from tests.support.client import BEHIND_A_PROXY
from workshop.containers.parts import MAIL, MONGO, NATS, parts
from workshop.state import ROOT
from workshop.steps import read_step

pytestmark = [pytest.mark.docker, pytest.mark.timeout(3600)]

OWN_MEGABYTES = 100
STORES = {MONGO, NATS, MAIL}


def test_contract_holds(running: RunningContainers) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract"]
    done = subprocess.run(
        [*command, "--step", str(running.step)],
        cwd=ROOT,
        env={
            **running.environment,
            "CONTRACT_URL": running.ready,
            "CONTRACT_MAIL_URL": running.mail_url,
            BEHIND_A_PROXY: "1",
        },
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]


def test_no_process_runs_as_root(running: RunningContainers) -> None:
    for each in running.containers():
        if each.status != "running":
            continue
        titles, rows = (each.top(ps_args="-eo pid,uid,comm")[name] for name in ("Titles", "Processes"))
        users = {row[titles.index("UID")] for row in rows}
        assert users <= {"65534", "999"}, (each.name, rows)


def test_file_systems_are_read_only(running: RunningContainers) -> None:
    for each in running.containers():
        assert each.attrs["HostConfig"]["ReadonlyRootfs"], each.name


def test_own_part_of_each_image_is_small(running: RunningContainers) -> None:
    base = running.client.images.get(running.environment.get("BASE", "python:3.12-slim"))
    for part in parts(read_step(running.step)):
        image = running.client.images.get(f"stones/step{running.step}-{part.image}")
        own = (image.attrs["Size"] - base.attrs["Size"]) / 1e6
        assert own <= OWN_MEGABYTES, (part.image, own)


def test_secrets_are_in_no_image_and_no_inspection(running: RunningContainers) -> None:
    secrets = [*running.secrets().values()]
    assert secrets
    for each in running.containers():
        inspected = repr(each.attrs)
        history = repr(each.image.history())
        assert not [secret for secret in secrets if secret in inspected or secret in history]


def test_only_the_printed_addresses_are_published(running: RunningContainers) -> None:
    published = {
        f"{binding['HostIp']}:{binding['HostPort']}"
        for each in running.containers()
        for bindings in (each.ports or {}).values()
        for binding in bindings or ()
    }
    shown = {1: 8011, 2: 8040}
    wanted = {8000 + running.step, 8025, *([shown[running.step]] if running.step in shown else [])}
    assert published == {f"127.0.0.1:{port}" for port in wanted}


def test_compose_finds_nothing_wrong(running: RunningContainers) -> None:
    assert running.compose("config", "--quiet") == ""
