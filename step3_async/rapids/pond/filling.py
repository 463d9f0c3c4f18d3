"""Writing states of documents into a collection, none over a newer one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.collection import Collection

from kit.mongo.client import Document
from step3_async.rapids.pond.emptying import empty
from step3_async.rapids.pond.removed import Removed
from step3_async.rapids.pond.state import State
from step3_async.rapids.pond.writes import write


@dataclass(frozen=True)
class Filling:
    """A pond's `collection` as the events of `domain` fill it; `own` is as in Pond.

    Several may write at once, in threads and processes. Who puts looks for removals after writing; who
    removes tells so before deleting. So one of the two sees the other, however they take turns.
    """

    collection: Collection[Document]
    domain: str
    own: tuple[str, ...]

    def put(self, states: Sequence[State]) -> None:
        """Show these states of as many documents, but where newer ones are shown. Raises Unfit."""
        waiting = list(states)
        while waiting:
            refused = write(self.collection, [self._putting(state) for state in waiting])
            waiting = self._older([waiting[place] for place in refused])
        self._take_back(states)

    def put_new(self, states: Sequence[State]) -> None:
        """The same, faster where there are no documents of these keys. Raises Unfit."""
        refused = write(self.collection, [InsertOne(self._whole(state)) for state in states])
        self.put([states[place] for place in refused])
        self._take_back(states)

    def remove(self, versions: Mapping[str, str]) -> None:
        """Take away documents that are no newer than these versions. Raises Unfit."""
        if self.own:
            self.put([State(key, version, 0, None) for key, version in versions.items()])
        elif versions:
            Removed(self.collection).remember(versions)
            self._delete(versions)

    def versions(self, within: Document) -> Iterator[tuple[str, str]]:
        """The documents that match, by id, with the versions they show; "" is shown by those of others."""
        at = f"applied.{self.domain}.version"
        for each in self.collection.find(within, {at: 1}):
            yield each["_id"], each.get("applied", {}).get(self.domain, {}).get("version", "")

    def empty(self) -> None:
        """Throw all of the domain away."""
        if self.own:
            gone = dict.fromkeys((*self.own, self._applied), "")
            self.collection.update_many({self._applied: {"$exists": True}}, {"$unset": gone})
        else:
            empty(self.collection)

    @property
    def _applied(self) -> str:
        return f"applied.{self.domain}"

    def _putting(self, state: State) -> Any:
        # A newer one does not match. As there is one, MongoDB then refuses to insert another.
        older = {"_id": state.key, f"{self._applied}.version": {"$not": {"$gte": state.version}}}
        if not self.own:
            return ReplaceOne(older, self._whole(state), upsert=True)
        told = state.document or {}
        applied: Document = {f"{self._applied}.version": state.version}
        if state.document is not None:
            applied[f"{self._applied}.revision"] = state.revision
        update: Document = {"$set": {**told, **applied}}
        if gone := self.own_but(told):
            update["$unset"] = gone
        return UpdateOne(older, update, upsert=True)

    def own_but(self, told: Document) -> Document:
        """The domain's own fields that `told` lacks."""
        return {field: "" for field in self.own if field not in told}

    def _whole(self, state: State) -> Document:
        shown = {self.domain: {"version": state.version, "revision": state.revision}}
        return {"_id": state.key, **(state.document or {}), "applied": shown}

    def _older(self, refused: Sequence[State]) -> list[State]:
        """Those that were refused although nothing newer is there: somebody wrote meanwhile."""
        if not refused:
            return []
        shown = dict(self.versions({"_id": {"$in": [state.key for state in refused]}}))
        return [state for state in refused if shown.get(state.key, "") < state.version]

    def _take_back(self, states: Iterable[State]) -> None:
        """Delete what was put although it is known to be gone."""
        if self.own:
            return
        versions = {state.key: state.version for state in states}
        removed = Removed(self.collection).among(versions) if versions else {}
        self._delete({key: gone for key, gone in removed.items() if gone >= versions[key]})

    def _delete(self, versions: Mapping[str, str]) -> None:
        shown = f"{self._applied}.version"
        write(
            self.collection,
            [DeleteOne({"_id": key, shown: {"$not": {"$gt": gone}}}) for key, gone in versions.items()],
        )
