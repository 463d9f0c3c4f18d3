"""The measurement of the loader itself: that it measures, and cleans up."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection

from workshop.bench import load as bench
from workshop.load.generate import GeneratedSource


@dataclass(frozen=True)
class NewCollection:
    """Picklable, as the measurement of memory needs."""

    address: str
    database: str

    def __call__(self) -> Collection[dict[str, Any]]:
        return MongoClient[dict[str, Any]](self.address)[self.database][f"posts_{uuid.uuid4().hex[:8]}"]


@pytest.fixture
def new_collection(mongo_client, database):
    password = uuid.uuid4().hex
    database.command("createUser", "bench", pwd=password, roles=["readWrite"])
    host, port = mongo_client.address
    yield NewCollection(
        f"mongodb://bench:{password}@{host}:{port}/?authSource={database.name}&directConnection=true",
        database.name,
    )
    database.command("dropUser", "bench")


def test_the_numbers_are_of_one_run_and_nothing_is_left(new_collection, database, monkeypatch):
    monkeypatch.setattr(bench, "ROUNDS", 1)
    numbers = bench.load_ratio(new_collection, 2000)
    for setting in ("plain", "text_index"):
        bare, loader = numbers[f"{setting}_bare_docs_s"], numbers[f"{setting}_loader_docs_s"]
        assert min(bare, loader) > 10
        assert numbers[f"{setting}_ratio"] == pytest.approx(loader / bare)
    assert 10 < numbers["loader_peak_rss_mb"] < 200
    assert not [name for name in database.list_collection_names() if name.startswith("posts_")]


def test_a_loader_that_loses_posts_is_not_measured(new_collection, database, monkeypatch):
    monkeypatch.setattr(bench, "GeneratedSource", lambda count: GeneratedSource(count - 1))
    with pytest.raises(RuntimeError, match="The loader wrote 99 of 100 posts"):
        bench.load_ratio(new_collection, 100)
