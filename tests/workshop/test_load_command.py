"""`workshop load` as people call it: what it prints, how it ends, and that it can always be stopped."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from held_post import await_held, held_post, unhurried
from pymongo import MongoClient
from pymongo.database import Database
from reddit_server import CLIENT_ID, CLIENT_SECRET, RedditServer

from tests.support.eventually import eventually
from tests.support.question import Question, posts_xml
from tests.support.submission import Submission
from workshop.load.generate import posts
from workshop.load.loading import _SAVE_EVERY
from workshop.load.writing.checkpoint import COLLECTION

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120.0
GENERATED = list(posts(3000))


class Loader:
    """Calls the command for its own database, as a user with permissions for this database only."""

    def __init__(self, database: Database[dict[str, Any]], folder: Path) -> None:
        self.database = database
        self.posts = database.create_collection("posts")
        self.folder = folder
        self.environment = dict(os.environ)
        password = uuid.uuid4().hex
        database.command("createUser", "loader", pwd=password, roles=["readWrite"])
        host, port = database.client.address or ("", 0)
        self.environment["MONGODB_URI"] = (
            f"mongodb://loader:{password}@{host}:{port}/{database.name}?authSource={database.name}&directConnection=true"
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "workshop", "load", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __call__(self, *arguments: str, code: int = 0) -> str:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == code, output
        assert "Traceback" not in output
        return output

    def write(self, name: str, text: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)


@pytest.fixture
def load(mongo_client: MongoClient[dict[str, Any]], tmp_path: Path) -> Iterator[Loader]:
    name = f"load_{uuid.uuid4().hex[:12]}"
    # A process started in the background ignores Ctrl-C, and so would all it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with unhurried(mongo_client):
        yield Loader(mongo_client[name], tmp_path)
    signal.signal(signal.SIGINT, before)
    mongo_client[name].command("dropUser", "loader")
    mongo_client.drop_database(name)


def lines(count: int) -> list[str]:
    made = (
        Submission(f"Stone {n}", "Python", 1_400_000_000 + n, post["text"], id=f"a{n}")
        for n, post in enumerate(posts(count))
    )
    return [each.line() for each in made]


@pytest.mark.parametrize(
    "arguments", [(), ("--file", "x", "--generate", "5"), ("--subreddit", "a", "--file", "x")]
)
def test_load_without_exactly_one_source_is_a_usage_error_with_examples(arguments, load):
    printed = load(*arguments, code=2)
    for example in ("make load FILE=", "make load SUBREDDIT=python", "make load GENERATE=100000"):
        assert example in printed


def test_file_is_loaded_and_the_counts_are_printed(load):
    path = load.write("posts.json", "".join(lines(300)))
    assert "posts.json: 300 new, 0 updated, 0 unchanged, 0 bad;" in load("--file", path)
    assert "posts.json: 0 new, 0 updated, 300 unchanged, 0 bad;" in load("--file", path)
    changed = lines(300)
    changed[5] = changed[5].replace("Stone 5", "Pebble 5")
    load.write("posts.json", "".join(changed))
    assert "posts.json: 0 new, 1 updated, 299 unchanged, 0 bad;" in load("--file", path)
    assert load.posts.count_documents({}) == 300


def test_first_ten_bad_records_are_reported_and_the_rest_counted(load):
    text = "".join(line + "[bold]oops\n" for line in lines(15))
    printed = load("--file", load.write("posts.json", text))
    assert "15 new, 0 updated, 0 unchanged, 15 bad;" in printed
    output = [line for line in printed.splitlines() if line.startswith("  bad: ")]
    assert output == [f"  bad: line {2 * n}: not JSON: Expecting value at character 2" for n in range(1, 11)]
    assert "  and 5 more bad ones" in printed


def test_control_characters_of_a_file_do_not_reach_the_terminal(load):
    printed = load("--file", load.write("posts.json", lines(1)[0] + '{"kind": "\\u001b[2J", "data": {}}\n'))
    assert "  bad: line 2: a thing of kind \ufffd[2J, not a submission" in printed


def test_posts_of_stack_exchange_name_their_site(load):
    created = Submission("", "", 1_400_000_000).shown()["created"]
    questions = [Question(f"Stone {n}?", "<p>x</p>", n, 1, created) for n in range(20)]
    path = load.write("Posts.xml", posts_xml(*questions))
    printed = load("--file", path, "--site", "serverfault.com")
    assert "Posts.xml: 20 new, 0 updated, 0 unchanged, 0 bad, 20 left out;" in printed
    assert "  left out: 20 not a question" in printed
    assert load.posts.count_documents({"topic": "serverfault.com"}) == 20


def test_generated_posts_obey_seed_and_limit(load):
    assert "50 generated posts: 50 new" in load("--generate", "50")
    assert "50 generated posts: 50 new" in load("--generate", "50", "--seed", "7")
    assert "50 generated posts: 0 new, 0 updated, 20 unchanged" in load("--generate", "50", "--limit", "20")
    assert load.posts.count_documents({}) == 100


def test_file_without_posts_is_an_error(load):
    printed = load("--file", load.write("posts.json", '{"a": 1}\n{"b": 2}\n'), code=1)
    assert "0 new, 0 updated, 0 unchanged, 2 bad" in printed
    assert "Error: There was no post in posts.json." in printed


def test_truncated_file_is_loaded_as_far_as_it_goes_and_is_an_error(load):
    packed = zstandard.ZstdCompressor().compress("".join(lines(5000)).encode())
    printed = load("--file", load.write("posts.zst", packed[: len(packed) // 2]), code=1)
    assert "posts.zst until the error: " in printed
    assert "ends too early: it was cut short" in printed
    stored = load.posts.count_documents({})
    assert 0 < stored < 5000
    assert f"{stored:,} new" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--file", "/no/such/file"), "Error: There is no file /no/such/file."),
        (("--file", "/"), "Error: / is a directory."),
        (("--generate", "5000000000"), "Error: GENERATE must be a number from 0 to 1,000,000,000."),
        (("--subreddit", "two words"), "Error: 'two words' is not the name of a subreddit."),
        (("--subreddit", "python"), 'make a "script" app at https://www.reddit.com/prefs/apps'),
    ],
)
def test_unloadable_file_is_reported_in_plain_words(arguments, message, load):
    load.environment["XDG_CONFIG_HOME"] = str(load.folder)
    for name in ("praw_client_id", "praw_client_secret", "praw_site"):
        load.environment.pop(name, None)
    assert message in load(*arguments, code=1)


def test_a_subreddit_is_loaded_through_praw(load):
    with RedditServer() as reddit:
        load.write("praw.ini", reddit.praw_ini)
        load.environment |= {"XDG_CONFIG_HOME": str(load.folder), "NO_PROXY": "127.0.0.1"}
        load.environment |= {"praw_client_id": CLIENT_ID, "praw_client_secret": CLIENT_SECRET}
        reddit.subreddits["python"] = [submission(number) for number in range(130)]
        assert "r/python: 130 new, 0 updated, 0 unchanged, 0 bad;" in load("--subreddit", "python")
        assert "r/python: 0 new, 0 updated, 25 unchanged" in load("--subreddit", "python", "--limit", "25")
    assert load.posts.count_documents({"topic": "Python", "source": "reddit"}) == 130


def submission(number: int) -> dict[str, Any]:
    """Return a submission as the API gives it."""
    submission = json.loads(
        Submission(f"Stone {number}", "Python", 1_700_000_000 - number, ups=number).line()
    )
    return submission | {"subreddit": "Python", "over_18": False}


def assert_generated(load: Loader, count: int) -> None:
    stored = {post["_id"]: post for post in load.posts.find({}, {"_created": 0, "_updated": 0})}
    assert stored == {post["_id"]: post for post in posts(count)}
    assert load.database[COLLECTION].count_documents({}) == 0


def stop_at(load: Loader, post_id: str, *command: str) -> str:
    """Load, press Ctrl-C while this post is being written, let it finish, and return the output."""
    with held_post(load.posts, post_id):
        process = load.start(*command)
        await_held(load.posts)
        process.send_signal(signal.SIGINT)
        printed = printed_until(process, "Stopping after the current write")
    with process:
        printed += process.stdout.read() if process.stdout else ""
    assert process.returncode == 130, printed
    assert "Traceback" not in printed
    return printed


def printed_until(process: "subprocess.Popen[str]", words: str) -> str:
    """Return the output of a process up to the line with these words."""
    printed = ""
    for line in process.stdout or ():
        printed += line
        if words in line:
            return printed
    raise AssertionError(f"{words!r} is missing:\n{printed}")


def test_ctrl_c_prints_the_progress_and_the_same_command_continues(load):
    command = ("--generate", "3000", "--batch", "250")
    printed = stop_at(load, GENERATED[1100]["_id"], *command)
    stored = load.posts.count_documents({})
    assert 1100 < stored < 3000
    assert f"Stopped 3,000 generated posts after: {stored:,} new, 0 updated, 0 unchanged, 0 bad;" in printed
    assert "The same command goes on from here." in printed
    again = load(*command)
    assert "3,000 generated posts, resumed: 3,000 new, 0 updated, 0 unchanged, 0 bad;" in again
    assert_generated(load, 3000)


@pytest.mark.drill
def test_load_can_be_continued_after_a_kill(load):
    command = ("--generate", "3000", "--batch", "200")
    with held_post(load.posts, GENERATED[1700]["_id"]):
        with held_post(load.posts, GENERATED[900]["_id"]):
            process = load.start(*command)
            await_held(load.posts)
            time.sleep(_SAVE_EVERY)  # it stores its position only so often
        eventually(lambda: assert_place_is_behind(load, 900), SECONDS)
        process.kill()
        process.communicate(timeout=SECONDS)
    assert load.posts.count_documents({}) < 3000
    again = load(*command)
    assert "3,000 generated posts, resumed: " in again
    assert_generated(load, 3000)


def assert_place_is_behind(load: Loader, number: int) -> None:
    place = load.database[COLLECTION].find_one()
    assert place is not None
    assert number < place["position"] <= load.posts.count_documents({})


def whole_file(kind: str) -> tuple[str | bytes, str]:
    """Return a file of 2,000 posts of this kind, and the `_id` of one in the middle."""
    count, middle = 2000, 900
    if kind == "xml":
        created = Submission("", "", 1_400_000_000).shown()["created"]
        questions = [
            Question(f"Stone {n}?", post["text"], n, 1, created, 2 * n)
            for n, post in enumerate(GENERATED[:count])
        ]
        return posts_xml(*questions), questions[middle].post_id
    each = lines(count)
    text: str | bytes = "[" + ",\n".join(each) + "]" if kind == "array" else "".join(each)
    if kind == "zst":
        text = zstandard.ZstdCompressor().compress("".join(each).encode())
    return text, f"t3_a{middle}"


@pytest.mark.drill
@pytest.mark.parametrize("kind", ["json", "zst", "array", "xml"])
def test_load_of_a_file_continues_after_ctrl_c(kind, load):
    text, middle = whole_file(kind)
    command = ("--file", load.write(f"posts.{kind}", text), "--batch", "200")
    stop_at(load, middle, *command)
    assert 900 < load.posts.count_documents({}) < 2000
    again = load(*command)
    assert f"posts.{kind}, resumed: 2,000 new, 0 updated, 0 unchanged, 0 bad" in again
    assert load.posts.count_documents({}) == 2000
    assert load.database[COLLECTION].count_documents({}) == 0


def test_restart_option_begins_from_the_start(load):
    command = ("--generate", "2000", "--batch", "200")
    stop_at(load, GENERATED[500]["_id"], *command)
    stored = load.posts.count_documents({})
    printed = load(*command, "--restart")
    assert "resumed" not in printed
    assert f"2,000 generated posts: {2000 - stored:,} new, 0 updated, {stored:,} unchanged" in printed


def test_a_terminal_shows_a_bar_with_counts_and_rate(load):
    pty = pytest.importorskip("pty")
    path = load.write("posts.json", "".join(lines(3000)))
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "workshop", "load", "--file", path],
        cwd=ROOT,
        env=load.environment | {"TERM": "xterm-256color", "COLUMNS": "140"},
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            data = os.read(leader, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(leader)
    assert process.wait(SECONDS) == 0
    text = shown.decode()
    assert "posts.json" in text
    assert "━" in text
    assert "3,000 new, 0 updated, 0 unchanged, 0 bad; " in text
    assert "/s" in text
    assert "posts.json: 3,000 new" in text
