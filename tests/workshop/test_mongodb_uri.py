"""A MongoDB of the user's own: its address names the database, and other programs' data is not touched."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from kit.mongo.uri import database_of, in_database
from workshop.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
PORTS = ("STEP0_PORT", "MAIL_SMTP_PORT", "MAIL_HTTP_PORT", "NATS_PORT")


@pytest.mark.parametrize(
    ("uri", "moved"),
    [
        ("mongodb://h/db", "mongodb://h/other"),
        ("mongodb://[::1]:27017/db?replicaSet=rs0", "mongodb://[::1]:27017/other?replicaSet=rs0"),
        ("mongodb://[fe80::1%25eth0]:1,b:2/db", "mongodb://[fe80::1%25eth0]:1,b:2/other"),
        ("mongodb://%2Ftmp%2Fmongodb-27017.sock/db", "mongodb://%2Ftmp%2Fmongodb-27017.sock/other"),
        ("mongodb://u:p%40%5B%2F@h/db", "mongodb://u:p%40%5B%2F@h/other?authSource=db"),
        ("mongodb://u:p@h/db?authsource=admin", "mongodb://u:p@h/other?authsource=admin"),
        ("mongodb://h/db?readPreferenceTags=a:1&readPreferenceTags=", None),
        ("mongodb+srv://u:p@h.example.org/db", "mongodb+srv://u:p@h.example.org/other?authSource=admin"),
    ],
)
def test_addresses_of_all_kinds_keep_their_options(uri: str, moved: str | None) -> None:
    assert database_of(uri) == "db"
    assert in_database(uri, "other") == (moved or uri.replace("/db?", "/other?"))


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        *((f"mongodb://h{end}", "names no database") for end in ("", "/", "/?replicaSet=rs0", ":1")),
        ("mongodb://u:secret@h/", "names no database"),
        ("mongodb://h/db.posts", "no dot"),
        ("mongodb://u:secret@x@h/db", "escaped"),
        ("mongodb://h:port/db", "Port"),
        *((each, "no address") for each in ("h/db", "http://h/db", "mongodb://", "stones", "mongodb:/h/db")),
    ],
)
def test_unusable_address_is_reported_without_its_password(uri: str, word: str) -> None:
    with pytest.raises(RuntimeError, match=word) as raised:
        database_of(uri)
    assert "MONGODB_URI" in str(raised.value)
    assert "secret" not in str(raised.value)


def started(*command: str, uri: str, state: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        **{name: str(free_port()) for name in PORTS},
        "MONGODB_URI": uri,
        "WORKSHOP_STATE": str(state),
        "SECRET_KEY": "x" * 40,
    }
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        ("workshop", "load", "--generate", "1"),
        ("workshop", "run", "--step", "3"),
        ("step0_monolith.prepare",),
        ("gunicorn", "--config", "step0_monolith/gunicorn.conf.py", "step0_monolith.wsgi:app"),
        ("kit.server", "--config", "step3_async/gunicorn.conf.py", "step3_async.capture.service:make_app()"),
    ],
    ids=" ".join,
)
def test_address_without_a_database_starts_nothing(command: tuple[str, ...], tmp_path: Path) -> None:
    done = started(*command, uri="mongodb://127.0.0.1:1/?replicaSet=rs0", state=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "MONGODB_URI names no database. Write its name" in done.stdout
    assert "Traceback" not in done.stdout
    assert done.stdout.count("MONGODB_URI") == 1, done.stdout


@pytest.fixture
def foreign(mongod: Any) -> Iterator[tuple[str, Any]]:
    """The address of a database whose collection `posts` belongs to another program, and this collection."""
    name = f"blog_{uuid.uuid4().hex[:12]}"
    uri = mongod.add_user(name)
    with MongoClient[dict[str, Any]](uri) as client:
        posts = client[name]["posts"]
        posts.insert_many([{"title": f"My day {number}", "slug": str(number)} for number in range(3)])
        yield uri, posts
    with mongod.admin() as admin:
        admin[name].command("dropUser", name)
        admin.drop_database(name)


@pytest.mark.parametrize(
    "command",
    [
        ("workshop", "load", "--generate", "1"),
        ("workshop", "run", "--step", "0", "--no-bundled"),
        ("step0_monolith.prepare",),
        ("step1_rest.api.prepare",),
    ],
    ids=" ".join,
)
def test_collection_of_another_program_is_refused(
    command: tuple[str, ...], foreign: tuple[str, Any], tmp_path: Path
) -> None:
    uri, posts = foreign
    done = started(*command, uri=uri, state=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "somebody else's" in done.stdout
    assert "MONGODB_URI" in done.stdout
    assert "Traceback" not in done.stdout
    assert posts.count_documents({}) == 3
    assert [*posts.index_information()] == ["_id_"]


def test_collection_with_one_post_of_ours_is_accepted(foreign: tuple[str, Any], tmp_path: Path) -> None:
    uri, posts = foreign
    posts.delete_many({})
    assert started("workshop", "load", "--generate", "2", uri=uri, state=tmp_path).returncode == 0
    posts.insert_one({"title": "somebody's"})
    assert started("step0_monolith.prepare", uri=uri, state=tmp_path).returncode == 0
    assert "words" in posts.index_information()
