"""Files far larger than the memory that a load uses."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import zstandard
from pymongo import MongoClient

from tests.support.question import Question
from tests.support.submission import Submission
from workshop.load.generate import posts

ROOT = Path(__file__).resolve().parents[2]
SIZE = 100 * 2**20
"""The size of a file: with all of it in memory a load, which needs 80 MiB, would exceed LIMIT_MIB."""

LIMIT_MIB = 140
LIMIT_OF_A_LINE_MIB = 200
MEASURED = """
import sys
from workshop.bench.measurements.load import high_water
from workshop.cli import main
main(["load", *sys.argv[1:]], standalone_mode=False)
print("peak", high_water())
"""

pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc"),
]


@pytest.fixture
def address(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """The address of a new database with its own user."""
    name, password = f"load_{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
    mongo_client[name].command("createUser", "loader", pwd=password, roles=["readWrite"])
    host, port = mongo_client.address or ("", 0)
    yield f"mongodb://loader:{password}@{host}:{port}/{name}?authSource={name}&directConnection=true"
    mongo_client[name].command("dropUser", "loader")
    mongo_client.drop_database(name)


def peak_mib(address: str, *arguments: str) -> tuple[float, str]:
    """Return the highest resident memory of a load, and its output."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *arguments],
        cwd=ROOT,
        env=os.environ | {"MONGODB_URI": address},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    output, _, peak = done.stdout.rpartition("peak ")
    return int(peak) / 2**20, output


@cache
def text_of(size: int) -> str:
    """Return a text of about `size` characters."""
    text = "".join(post["text"] for post in posts(size // 300 + 1))
    return text[:size]


def test_packed_file_is_loaded_in_little_memory(address, tmp_path):
    block = "".join(
        Submission(f"Stone {n}", "Python", 1_400_000_000 + n, text_of(8000), id=f"a{n}").line()
        for n in range(500)
    ).encode()
    path = tmp_path / "posts.zst"
    times = SIZE // len(block)
    with zstandard.ZstdCompressor(level=1).stream_writer(path.open("wb")) as writer:
        for _ in range(times):
            writer.write(block)
    peak, output = peak_mib(address, "--file", str(path))
    assert f"posts.zst: 500 new, 0 updated, {500 * (times - 1):,} unchanged, 0 bad" in output
    assert peak < LIMIT_MIB


def test_xml_dump_is_loaded_in_little_memory(address, tmp_path):
    created = Submission("", "", 1_400_000_000).shown()["created"]
    rows = "".join(Question(f"Stone {n}?", text_of(20_000), n, 1, created, 2 * n).rows() for n in range(100))
    path = tmp_path / "Posts.xml"
    times = SIZE // len(rows)
    with path.open("w") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<posts>\n')
        for _ in range(times):
            file.write(rows)
        file.write("</posts>\n")
    peak, output = peak_mib(address, "--file", str(path))
    path.unlink()
    assert (
        f"Posts.xml: 100 new, 0 updated, {100 * (times - 1):,} unchanged, 0 bad, {100 * times:,} left out"
        in output
    )
    assert peak < LIMIT_MIB


def test_array_is_loaded_in_little_memory(address, tmp_path):
    block = ",".join(
        Submission(f"Stone {n}", "Python", 1_400_000_000 + n, text_of(8000), id=f"a{n}").line()
        for n in range(500)
    )
    path = tmp_path / "posts.json"
    times = SIZE // len(block)
    with path.open("w") as file:
        file.write("[" + block)
        for _ in range(times - 1):
            file.write("," + block)
        file.write("]")
    peak, output = peak_mib(address, "--file", str(path))
    path.unlink()
    assert f"posts.json: 500 new, 0 updated, {500 * (times - 1):,} unchanged, 0 bad" in output
    assert peak < LIMIT_MIB


def test_endless_lines_are_not_kept_in_memory(address, tmp_path):
    path = tmp_path / "posts.gz"
    good = Submission("Stone", "Python", 1_400_000_000).line().encode()
    with path.open("wb") as file:
        packer = zstandard.ZstdCompressor(level=1).stream_writer(file)
        packer.write(good + b'{"title": "')
        for _ in range(300):
            packer.write(bytes(2**20))
        packer.write(b'"}\n' + good.replace(b"Stone", b"Pebble"))
        packer.close()
    peak, output = peak_mib(address, "--file", str(path))
    assert "1 new, 1 updated, 0 unchanged, 1 bad" in output
    assert "bad: line 2: longer than 16 MiB" in output
    assert peak < LIMIT_OF_A_LINE_MIB
