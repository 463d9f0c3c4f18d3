"""The versioned writer writes to a pond, and never replaces a document by an older version."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.collection import Collection

from kit.mongo.client import Document
from step3_async.rapids.pond.bulk_writes import write
from step3_async.rapids.pond.tombstones import Tombstones
from step3_async.rapids.pond.versioned_document import VersionedDocument


@dataclass(frozen=True)
class VersionedWriter:
    """Writes documents of `domain` into a pond's `collection`. `own` is as in Pond.

    Several threads and processes may write at the same time. A writer that puts documents looks for
    tombstones afterwards, and a writer that deletes documents leaves tombstones first. So one of the two
    always notices the other.
    """

    collection: Collection[Document]
    domain: str
    own: tuple[str, ...]

    def put(self, documents: Sequence[VersionedDocument]) -> None:
        """Store documents, except where newer ones are stored. Raises Rejected."""
        waiting = list(documents)
        while waiting:
            refused = write(self.collection, [self._put(each) for each in waiting])
            waiting = self._newer_than_stored([waiting[place] for place in refused])
        self._delete_where_tombstones(documents)

    def put_new(self, documents: Sequence[VersionedDocument]) -> None:
        """Store documents as `put` does, but faster if most of their keys are not stored yet. Raises
        Rejected.
        """
        refused = write(self.collection, [InsertOne(self._stored(each)) for each in documents])
        self.put([documents[place] for place in refused])
        self._delete_where_tombstones(documents)

    def delete(self, versions: Mapping[str, str]) -> None:
        """Delete documents that are not newer than these versions. Raises Rejected."""
        if self.own:
            self.put([VersionedDocument(key, version, 0, None) for key, version in versions.items()])
        elif versions:
            Tombstones(self.collection).add(versions)
            self._delete(versions)

    def versions(self, within: Document) -> Iterator[tuple[str, str]]:
        """Yield the ids and versions of the documents that match `within`.

        The version is "" for a document that only other domains have written.
        """
        at = f"{self._applied}.version"
        for each in self.collection.find(within, {at: 1}):
            yield each["_id"], each.get("applied", {}).get(self.domain, {}).get("version", "")

    def empty(self) -> None:
        """Delete all that the collection has of the domain."""
        if self.own:
            gone = dict.fromkeys((*self.own, self._applied), "")
            self.collection.update_many({self._applied: {"$exists": True}}, {"$unset": gone})
        else:
            _replace_by_empty(self.collection)

    @property
    def _applied(self) -> str:
        return f"applied.{self.domain}"

    def _put(self, document: VersionedDocument) -> Any:
        # A stored document that is newer does not match, and MongoDB then refuses to insert a second one.
        older = {"_id": document.key, f"{self._applied}.version": {"$not": {"$gte": document.version}}}
        if not self.own:
            return ReplaceOne(older, self._stored(document), upsert=True)
        fields = document.fields or {}
        applied: Document = {f"{self._applied}.version": document.version}
        if document.fields is not None:
            applied[f"{self._applied}.revision"] = document.revision
        update: Document = {"$set": {**fields, **applied}}
        if gone := {field: "" for field in self.own if field not in fields}:
            update["$unset"] = gone
        return UpdateOne(older, update, upsert=True)

    def _stored(self, document: VersionedDocument) -> Document:
        applied = {self.domain: {"version": document.version, "revision": document.revision}}
        return {"_id": document.key, **(document.fields or {}), "applied": applied}

    def _newer_than_stored(self, refused: Sequence[VersionedDocument]) -> list[VersionedDocument]:
        """Return those of the refused documents that are newer than what is stored, as another process has
        written in between.
        """
        if not refused:
            return []
        stored = dict(self.versions({"_id": {"$in": [each.key for each in refused]}}))
        return [each for each in refused if stored.get(each.key, "") < each.version]

    def _delete_where_tombstones(self, documents: Iterable[VersionedDocument]) -> None:
        if self.own:
            return
        versions = {each.key: each.version for each in documents}
        deleted = Tombstones(self.collection).find(versions) if versions else {}
        self._delete({key: version for key, version in deleted.items() if version >= versions[key]})

    def _delete(self, versions: Mapping[str, str]) -> None:
        at = f"{self._applied}.version"
        write(
            self.collection,
            [DeleteOne({"_id": key, at: {"$not": {"$gt": version}}}) for key, version in versions.items()],
        )


def _replace_by_empty(collection: Collection[Document]) -> None:
    """Put an empty collection with the same indexes in the place of `collection`, in one step."""
    database, name = collection.database, f"{collection.name}_emptied"
    indexes = [dict(index) for index in collection.list_indexes() if index["name"] != "_id_"]
    database.drop_collection(name)
    database.create_collection(name)
    if indexes:
        database.command("createIndexes", name, indexes=indexes)
    database[name].rename(collection.name, dropTarget=True)
