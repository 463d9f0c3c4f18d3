"""Eve's data layer with our own client: durable writes, time-outs, and errors that say what is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from bson import ObjectId
from eve.auth import auth_field_and_value
from eve.io.mongo import Mongo
from eve.utils import ParsedRequest
from flask import Flask, g
from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure
from werkzeug.exceptions import BadRequest, Conflict, GatewayTimeout, ServiceUnavailable

from kit.http.collections import Page
from kit.http.problems import DependencyTimeout, DependencyUnavailable
from kit.mongo.client import NAIVE, Client, Document, translated_errors
from kit.mongo.document_schema import DocumentSchema
from kit.mongo.pages import Order, count, find_and_count
from kit.mongo.skipped import without_invalid
from kit.service import filters

DUPLICATE, IMMUTABLE = 11000, 66
"""MongoDB's error codes for a key that is there already, and for a change of `_id`."""

QUERY_MS = 4000
"""The limit of a query in MongoDB: less than the client's time-out, so that MongoDB ends it, too."""


class Data(Mongo):  # type: ignore[misc]
    """Eve's data layer with our client, our filters and our errors.

    Eve makes a client of its own, with w: 1 and no time-outs. Filters go by our rules (see `filters`), totals
    are counted to TOTAL_LIMIT only, and ObjectIds are not guessed in texts. Errors of a database that is away
    are reported as such: Eve takes most of them for the client's.
    """

    def init_app(self, app: Flask) -> None:
        """Use the client of the application."""
        client: Client = app.config["KIT_CLIENT"]
        self.driver = SimpleNamespace(db=client.get_default_database(), cx=client)
        self._collections: dict[str, Collection[Document]] = {}

    def pymongo(self, resource: str | None = None, prefix: str | None = None) -> Any:
        """Return the connection; there is only one."""
        return self.driver

    def get_collection_with_write_concern(self, datasource: str, resource: str) -> Collection[Document]:
        """Return a collection with the client's write concern; Eve would use only its `w`."""
        return self._collection(datasource)

    def find(
        self, resource: str, req: ParsedRequest, sub_resource_lookup: Document, perform_count: bool = True
    ) -> tuple[list[Document], int | None]:
        """Return the documents of a page, and the number of all, up to just over TOTAL_LIMIT.

        `sub_resource_lookup` are conditions of ours, set by hooks; they hold besides the client's.
        """
        described = self.app.config["DOMAIN"][resource]
        source, base, shown, order = self.datasource(resource)
        allowed = described["allowed_filters"]
        own, excluded = _without_excluded(sub_resource_lookup)
        conditions = [base, own, self._own(resource)]
        if req.where is not None:
            conditions.append(filters.where(req.where, allowed, described["schema"]))
        everything = combined([each for each in conditions if each])
        query = combined([everything, {"_id": {"$nin": excluded}}]) if excluded else everything
        fields = filters.projection(req.projection, shown)
        sorted_by = filters.sort(req.sort, allowed) or order
        page = Page(req.page, req.max_results)
        collection = self._collection(source)
        with as_http_errors():
            if "$text" in own:
                documents, total = find_and_count(
                    collection, query, fields, sorted_by, page, max_time_ms=QUERY_MS
                )
            else:
                documents = self._page(collection, query, fields, sorted_by, page)
                is_last = 0 < len(documents) < page.limit
                total = page.offset + len(documents)
                if not is_last:
                    total = count(collection, everything, excluded, max_time_ms=QUERY_MS)
        return self._valid(resource, documents, is_whole=not req.projection), total

    def find_one(
        self,
        resource: str,
        req: ParsedRequest | None,
        check_auth_value: bool = True,
        force_auth_field_projection: bool = False,
        mongo_options: Any = None,
        **lookup: Any,
    ) -> Document | None:
        """Return a single document. Another reader's is never found: Eve would reveal that it exists."""
        source, base, shown, _ = self.datasource(resource)
        own = self._own(resource)
        query = combined([each for each in (self._typed(resource, lookup), base, own) if each])
        fields = filters.projection(req.projection if req else None, shown)
        if force_auth_field_projection and (field := self.app.config["DOMAIN"][resource]["auth_field"]):
            fields[field] = 1
        with as_http_errors():
            found: Document | None = self._collection(source).find_one(query, fields, max_time_ms=QUERY_MS)
        is_whole = not (req and req.projection)
        return next(iter(self._valid(resource, [found] if found else [], is_whole=is_whole)), None)

    def find_one_raw(self, resource: str, **lookup: Any) -> Document | None:
        """Return a single document with all its fields."""
        source, _, _, _ = self.datasource(resource)
        with as_http_errors():
            found: Document | None = self._collection(source).find_one(self._typed(resource, lookup))
        return found

    def insert(self, resource: str, doc_or_docs: Document | list[Document]) -> list[Any]:
        """Add documents, and return their ids. Raises Conflict when one exists already."""
        source, _, _, _ = self.datasource(resource)
        documents = [doc_or_docs] if isinstance(doc_or_docs, dict) else doc_or_docs
        collection = self._collection(source)
        with as_http_errors():
            try:
                if len(documents) == 1:
                    return [collection.insert_one(documents[0]).inserted_id]
                with collection.database.client.start_session() as session, session.start_transaction():
                    return collection.insert_many(documents, session=session).inserted_ids
            except DuplicateKeyError:
                raise Conflict("There is one of that name already.") from None
            except BulkWriteError as error:
                if any(each["code"] == DUPLICATE for each in error.details["writeErrors"]):
                    raise Conflict("There is one of these names already; none was stored.") from None
                raise

    def _change_request(
        self, resource: str, id_: Any, changes: Document, original: Document, replace: bool = False
    ) -> None:
        """Change a document that is still equal to `original`. Raises Eve's OriginalChangedError."""
        source, base, _, _ = self.datasource(resource)
        same = {"_id": id_, **({"_etag": original["_etag"]} if "_etag" in original else {})}
        query = combined([each for each in (same, base, self._own(resource)) if each])
        collection = self._collection(source)
        with as_http_errors():
            try:
                change = collection.find_one_and_replace if replace else collection.find_one_and_update
                found = change(query, changes, projection={"_id": 1}, return_document=ReturnDocument.AFTER)
            except DuplicateKeyError:
                raise Conflict("There is one of that name already.") from None
            except OperationFailure as error:
                if error.code == IMMUTABLE:
                    raise BadRequest("The _id of a document cannot be changed.") from None
                raise
        if found is None:
            raise self.OriginalChangedError

    def remove(self, resource: str, lookup: Document) -> None:
        """Remove all documents that match `lookup`."""
        source, base, _, _ = self.datasource(resource)
        with as_http_errors():
            self._collection(source).delete_many(
                combined(
                    [each for each in (self._typed(resource, lookup), base, self._own(resource)) if each]
                )
            )

    def is_empty(self, resource: str) -> bool:
        """Return whether there is no document."""
        source, base, _, _ = self.datasource(resource)
        with as_http_errors():
            return self._collection(source).find_one(base or {}, {"_id": 1}) is None

    def _collection(self, name: str) -> Collection[Document]:
        """Return the collection, made once: to make one costs more than to find it here."""
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = self.driver.db.get_collection(name, codec_options=NAIVE)
        return found

    def _page(
        self, collection: Collection[Document], query: Document, fields: Document, order: Order, page: Page
    ) -> list[Document]:
        if not page.limit:
            return []
        cursor = collection.find(query, fields, max_time_ms=QUERY_MS)
        if order:
            cursor.sort(order)
        return cursor.skip(page.offset).limit(page.limit).to_list()

    def _valid(self, resource: str, documents: list[Document], *, is_whole: bool) -> list[Document]:
        """Return those that are valid for the resource, as far as their fields were read."""
        described = self.app.config["DOMAIN"][resource]
        schema: DocumentSchema | None = described.get("kit", {}).get("document_schema")
        if schema is None:
            return documents
        find_problem = schema.find_problem if is_whole else schema.find_problem_in_part
        return without_invalid(documents, described["datasource"]["source"], find_problem)

    def _typed(self, resource: str, lookup: Document) -> Document:
        """Return the look-up of an address, with an ObjectId as `_id` where the resource has such ids."""
        given = lookup.get("_id")
        rules = self.app.config["DOMAIN"][resource]["schema"].get("_id", {})
        if rules.get("type") == "objectid" and isinstance(given, str) and ObjectId.is_valid(given):
            return {**lookup, "_id": ObjectId(given)}
        return lookup

    def _own(self, resource: str) -> Document:
        """Return the condition that a document is the reader's own, for resources with an `auth_field`."""
        if not self.app.config["DOMAIN"][resource]["auth_field"]:
            return {}
        field, reader = auth_field_and_value(resource)
        return {field: {"$eq": reader}} if field and reader else {}


@contextmanager
def as_http_errors() -> Iterator[None]:
    """Turn a database that is away into an HTTP error, and note it in `g.problem`.

    Where Eve would blame the document for an error that came up during a check, `checks` corrects that.
    """
    try:
        with translated_errors():
            yield
    except DependencyUnavailable as problem:
        g.problem = problem
        raise ServiceUnavailable(str(problem), retry_after=problem.retry_after) from problem
    except DependencyTimeout as problem:
        g.problem = problem
        raise GatewayTimeout(str(problem)) from problem


def _without_excluded(lookup: Document) -> tuple[Document, list[Any]]:
    """Return the conditions of a hook without the one that excludes ids, and these ids."""
    if not isinstance(of_id := lookup.get("_id"), dict) or of_id.keys() != {"$nin"}:
        return lookup, []
    return {name: value for name, value in lookup.items() if name != "_id"}, of_id["$nin"]


def combined(conditions: list[Document]) -> Document:
    """Return one condition that is true where all of these are."""
    if len(conditions) == 1:
        return conditions[0]
    return {"$and": conditions} if conditions else {}
