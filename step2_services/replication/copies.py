"""Copies of another service's documents, in the database of the service that needs them.

The cursor is stored beside the copies, and changes with them in one transaction. So a delivery counts once or
not at all, whichever process is killed at any moment. A delivery that is late or comes twice finds another
cursor and is refused. Copies that are restored from a backup continue from their own cursor.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import DeleteMany, DeleteOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError

from kit.http.problems import DependencyUnavailable, Stale, TooLarge, Unprocessable
from kit.mongo.client import Document, translated
from step2_services.replication.batch import Delivery
from step2_services.replication.feed import FOLLOWING

POSITIONS = "positions"
AGAIN = "TransientTransactionError"
"""MongoDB's label for a transaction that may be tried again: it met another one, or its writes and the index
pages they go to did not fit into MongoDB's cache, which it says in the same words.
"""

CACHE_PER_INDEX = 8
"""MongoDB's cache should be this many times as large as the indexes of the copies: all that it stores shares
the cache, and a transaction's writes must fit into a part of it.
"""

TOO_MUCH = frozenset({112, 290, 388})
"""MongoDB's codes for a transaction that met another one, takes too long, or does not fit into its cache."""


@dataclass(frozen=True)
class Copy:
    """Copies in `collection` with these `fields` besides `_id`, of which `times` are times.

    If several owners give fields to the same documents, `own` names those of this owner: only they are
    removed when this owner deletes the document.
    """

    collection: Collection[Document]
    fields: tuple[str, ...]
    times: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @translated
    def cursor(self, name: str) -> str | None:
        """Return the cursor of the copies `name`; None if they are to begin with all documents."""
        found = self._positions.find_one({"_id": name})
        return found["cursor"] if found else None

    def is_filled(self, name: str) -> bool:
        """Return whether the copies `name` have all documents that existed when they began.

        Raises DependencyUnavailable and DependencyTimeout.
        """
        return (self.cursor(name) or "").startswith(FOLLOWING)

    @translated
    def forget(self, name: str) -> None:
        """Delete the cursor, so that the copies begin again. They stay in use until new ones replace them."""
        self._positions.delete_one({"_id": name})

    @translated
    def apply(self, name: str, delivery: Delivery) -> None:
        """Apply a delivery.

        Raises Stale when the cursor is not the delivery's base, and TooLarge when the delivery does not fit
        into one transaction at the moment.
        """
        operations = self._operations(delivery)
        has_moved = False
        try:
            with self.collection.database.client.start_session() as session, session.start_transaction():
                self._move(name, delivery, session)
                has_moved = True
                if operations:
                    self.collection.bulk_write(operations, ordered=False, session=session)
        except DuplicateKeyError:
            raise Stale(f"The copies of {name} have begun already.") from None
        except OperationFailure as error:  # BulkWriteError is one
            if has_moved and _is_too_much(error):
                raise TooLarge(self._too_much(len(operations))) from error
            if isinstance(error, BulkWriteError) or error.has_error_label(AGAIN):
                # Two owners' deliveries met at a new document, or two of one; the later one comes again.
                raise DependencyUnavailable("The collection of copies", retry_after=1) from error
            raise

    @property
    def _positions(self) -> Collection[Document]:
        return self.collection.database[POSITIONS]

    def _too_much(self, count: int) -> str:
        try:
            size = self.collection.database.command("collStats", self.collection.name)["totalIndexSize"]
        except PyMongoError:
            size = 0
        return (
            f"MongoDB did not take {count:,} changes of {self.collection.name} in one transaction: its cache "
            f"is small beside their indexes, which have {size / 2**20:,.0f} MB. "
            f"{max(1, math.ceil(CACHE_PER_INDEX * size / 2**30))} GB would do."
        )

    def _move(self, name: str, delivery: Delivery, session: ClientSession) -> None:
        moved = self._positions.update_one(
            {"_id": name, "cursor": delivery.base},
            {"$set": {"cursor": delivery.cursor}},
            upsert=delivery.base is None,
            session=session,
        )
        if not moved.matched_count and moved.upserted_id is None:
            raise Stale(f"The copies of {name} reach elsewhere.")

    def _operations(self, delivery: Delivery) -> list[Any]:
        operations: list[Any] = []
        if delivery.range is not None:
            operations += self._clear_range(delivery)
        operations += [self._put(document) for document in delivery.put]
        for identifier in delivery.remove:
            if self.own:
                operations.append(UpdateOne({"_id": identifier}, self._unset_own))
            else:
                operations.append(DeleteOne({"_id": identifier}))
        return operations

    def _put(self, document: Document) -> Any:
        identifier = document.get("_id")
        unknown = document.keys() - {"_id", *self.fields}
        if not isinstance(identifier, str) or unknown:
            raise Unprocessable({"put": f"documents have a text as _id and {', '.join(self.fields)}"})
        for field in self.times:
            if document.get(field) is not None:
                document[field] = _time(document[field])
        if self.own:
            return UpdateOne({"_id": identifier}, {"$set": document}, upsert=True)
        return ReplaceOne({"_id": identifier}, document, upsert=True)

    def _clear_range(self, delivery: Delivery) -> list[Any]:
        """Delete what is in the delivery's range and not in the delivery."""
        after, upto = delivery.range or (None, None)
        within = {
            **({"$gt": after} if after is not None else {}),
            **({"$lte": upto} if upto is not None else {}),
        }
        others = {"_id": {**within, "$nin": [document.get("_id") for document in delivery.put]}}
        return [UpdateMany(others, self._unset_own)] if self.own else [DeleteMany(others)]

    @property
    def _unset_own(self) -> Document:
        return {"$unset": dict.fromkeys(self.own, "")}


def _is_too_much(error: OperationFailure) -> bool:
    codes = {error.code}
    if isinstance(error, BulkWriteError):
        codes |= {each.get("code") for each in error.details.get("writeErrors", ())}
    return error.has_error_label(AGAIN) or bool(codes & TOO_MUCH)


def _time(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Unprocessable({"put": "times are ISO 8601"}) from None
