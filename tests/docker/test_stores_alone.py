"""The stores of a step run alone, and a service that is developed on this machine uses them."""

import asyncio
import re
import smtplib
from collections.abc import Iterator
from pathlib import Path

import nats
import nats.errors
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.docker.running_containers import READY_SECONDS, further
from tests.support.workshop_command import Command, call
from workshop.ports import free_port

pytestmark = [pytest.mark.docker, pytest.mark.only_step(3), pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def folder(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with the variables of each service, while only the stores of step 3 run."""
    state = tmp_path_factory.mktemp("stores") / "state"
    own = {**environment, "WORKSHOP_STATE": str(state), "MAIL_HTTP_PORT": str(free_port())}
    own |= further(3, own)
    command = Command(["docker", "--step", "3", "--only", "stores"], own)
    try:
        command.start(READY_SECONDS)
        yield state / "containers" / "step3"
        command.stop()
    finally:
        call(["clean"], own)


def variables(folder: Path, user: str) -> dict[str, str]:
    lines = (folder / f"{user}.env").read_text().splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def test_a_service_has_its_own_database_and_no_other(folder: Path) -> None:
    with MongoClient(variables(folder, "step3_like")["MONGODB_URI"]) as client:
        own = client.get_default_database()
        own.trials.insert_one({"_id": 1})
        assert own.trials.count_documents({}) == 1
        with pytest.raises(OperationFailure, match="not authorized"):
            client["step3_tag"].trials.insert_one({"_id": 1})


def test_nats_knows_the_service_and_no_stranger(folder: Path) -> None:
    address = variables(folder, "step3_capture")["NATS_URL"]

    async def connected(url: str) -> bool:
        client = await nats.connect(url, allow_reconnect=False, max_reconnect_attempts=1)
        try:
            return bool(client.is_connected)
        finally:
            await client.close()

    assert asyncio.run(connected(address))
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
        asyncio.run(connected(re.sub(r":[^:@/]+@", ":guessed@", address)))


def test_mail_is_caught(folder: Path) -> None:
    found = variables(folder, "step3_share")
    with smtplib.SMTP(found["SMTP_HOST"], int(found["SMTP_PORT"]), timeout=30) as mail:
        assert mail.noop()[0] == 250
