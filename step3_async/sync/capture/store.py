"""The connection to MongoDB."""

from pymongo import AsyncMongoClient

from step3_async.rapids.event import Document


def connect_store(uri: str) -> AsyncMongoClient[Document]:
    """A client for one process, with the time-outs of `kit.mongo.client.connect`: finding a server takes at
    most 2 s and its answer at most 5 s. A write counts once a majority of the replica set has it on disk.
    """
    return AsyncMongoClient(
        uri,
        serverSelectionTimeoutMS=2000,
        connectTimeoutMS=2000,
        socketTimeoutMS=5000,
        wTimeoutMS=5000,
        w="majority",
        journal=True,
        tz_aware=True,
        unicode_decode_error_handler="replace",
        datetime_conversion="DATETIME_AUTO",
    )
