"""The addresses of services' instances when a step starts."""

import os
import socket
from pathlib import Path

import pytest

from workshop.ports import PortTaken, free_port
from workshop.processes.supervisor import Supervisor
from workshop.services.fleet import fleet
from workshop.services.state_files import read_endpoints
from workshop.steps import Process, Step, read_step

NUMBER = 2


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    for variable in read_step(NUMBER).ports:
        monkeypatch.setenv(variable, str(free_port()))
    return read_step(NUMBER)


def render(process: Process) -> tuple[list[str], dict[str, str]]:
    return ["sleep", "600"], {**os.environ, **process.own}


def test_taken_port_of_a_first_instance_is_an_error(described: Step) -> None:
    like = described.services["like"]
    with fleet(described, Supervisor(), render):
        assert set(read_endpoints(NUMBER)) == set(described.services)
    refused = pytest.raises(PortTaken, match=f"{like.variable}=\\d+ is free")
    with socket.create_server((described.host, like.port)), refused, fleet(described, Supervisor(), render):
        pass
