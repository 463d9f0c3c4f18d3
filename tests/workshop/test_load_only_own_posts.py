"""Loading only one's own posts, and naming their site."""

import subprocess
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from pymongo.database import Database

from tests.support.question import Question, posts_xml
from tests.support.submission import Submission
from workshop.cli import main
from workshop.load.bundled import load_bundled

ROOT = Path(__file__).resolve().parents[2]
Load = Callable[..., str]


@pytest.fixture
def load(
    database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Load:
    """Calls the command in this process for the test's database, and returns its output."""
    password = uuid.uuid4().hex
    database.command("createUser", "loader", pwd=password, roles=["readWrite"])
    host, port = database.client.address or ("", 0)
    address = f"mongodb://loader:{password}@{host}:{port}/{database.name}"
    monkeypatch.setenv("MONGODB_URI", f"{address}?authSource={database.name}&directConnection=true")

    def call(*arguments: str) -> str:
        main(["load", *arguments], standalone_mode=False)
        return capsys.readouterr().out

    return call


def own_posts(folder: Path) -> tuple[str, list[str]]:
    made = [Submission(f"Stone {n}", "Python", 1_400_000_000 + n) for n in range(3)]
    path = folder / "own.ndjson"
    path.write_text("".join(each.line() for each in made), encoding="utf-8")
    return str(path), sorted(each.post_id for each in made)


def test_only_own_posts_are_left_and_bundled_ones_do_not_come_back(database, load, tmp_path):
    path, own = own_posts(tmp_path)
    load("--generate", "1500")
    load("--generate", "20", "--seed", "7")
    assert "There are also 1,520 generated posts; with ONLY=1" in load("--file", path)
    assert database["posts"].count_documents({}) == 1523
    assert "Removed 1,520 generated posts." in load("--file", path, "--only")
    assert sorted(database["posts"].distinct("_id")) == own
    assert "generated posts" not in load("--file", path)
    assert load_bundled(database["posts"]) == 0


def test_interrupted_start_does_not_bring_bundled_posts_back(database, load, tmp_path):
    path, own = own_posts(tmp_path)
    load("--generate", "10")
    bundled = {"_id": "posts generate:1", "version": "1:2000", "position": 10, "tally": {}}
    database["load_progress"].insert_one(bundled)
    load("--file", path, "--only")
    assert database["load_progress"].count_documents({}) == 0
    assert load_bundled(database["posts"]) == 0
    assert sorted(database["posts"].distinct("_id")) == own


def test_nothing_is_removed_if_nothing_was_loaded(database, load, tmp_path):
    load("--generate", "10")
    path = tmp_path / "none.json"
    for text in ('{"data": []}', "[]", '{"kind": "t1", "data": {}}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(click.ClickException, match=r"There was no post in none\.json"):
            load("--file", str(path), "--only")
    with pytest.raises(click.UsageError, match="use it with FILE or SUBREDDIT"):
        load("--generate", "5", "--only")
    assert database["posts"].count_documents({}) == 10


def test_make_passes_its_variables_to_the_command() -> None:
    def output(*arguments: str) -> str:
        command = ["make", "-s", "-o", ".venv/run.stamp", "WORKSHOP=echo", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    requested = output("load", "FILE=Posts.xml", "SITE=serverfault.com", "ONLY=1", "ARGS=--limit 7")
    assert requested == "load --step 0 --file=Posts.xml --site=serverfault.com --only --limit 7"
    assert output("run", "BUNDLED=no") == "run --step 0 --no-bundled"
    assert output("run") == "run --step 0"


def test_missing_site_is_reported_and_a_named_one_makes_links(database, load, tmp_path):
    question = Question("Stone?", "<p>Which?</p>", 3, 1, datetime(2014, 5, 13, tzinfo=UTC), 12)
    path = tmp_path / "Posts.xml"
    path.write_text(posts_xml(question), encoding="utf-8")
    assert "The site of Posts.xml is unknown" in load("--file", str(path))
    for site in ("serverfault.com", "https://serverfault.com/questions"):
        assert "is unknown" not in load("--file", str(path), "--site", site)
    found = {post["_id"]: post["permalink"] for post in database["posts"].find()}
    assert found == {"se_12": "", "se_serverfault_12": "https://serverfault.com/questions/12"}
