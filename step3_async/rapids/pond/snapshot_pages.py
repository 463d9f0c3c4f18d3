"""Apply snapshot pages: all documents of a range, as they were at one moment."""

import contextlib
from collections.abc import Sequence

from kit.mongo.client import Document
from step3_async.contracts.envelope import Page
from step3_async.rapids.pond.bulk_writes import Rejected
from step3_async.rapids.pond.versioned_document import Shape, VersionedDocument
from step3_async.rapids.pond.versioned_writer import VersionedWriter

DELETED_TOGETHER = 1000


def apply_page(
    writer: VersionedWriter, shape: Shape, page: Page, version: str
) -> tuple[list[VersionedDocument], Rejected | None]:
    """Store the documents of a page of this `version`, and delete the others in its range that are not newer.

    Returns the documents, and the error of one that cannot be stored, if there is any; all others are stored
    then. Raises Rejected.
    """
    documents, rejected = _documents(shape, page, version)
    listed = {each["_id"] for each in page.documents}
    stored: dict[str, str] = {}
    gone: dict[str, str] = {}
    for key, stored_version in writer.versions(_range(page)):
        if key in listed:
            stored[key] = stored_version
        elif stored_version <= version and (stored_version or not writer.own):
            gone[key] = version
        if len(gone) == DELETED_TOGETHER:
            writer.delete(gone)
            gone = {}
    writer.delete(gone)
    try:
        writer.put([each for each in documents if each.key in stored and stored[each.key] < version])
        writer.put_new([each for each in documents if each.key not in stored])
    except Rejected as error:
        rejected = error
        _put_each(writer, documents)
    return documents, rejected


def _documents(shape: Shape, page: Page, version: str) -> tuple[list[VersionedDocument], Rejected | None]:
    documents: list[VersionedDocument] = []
    rejected: Rejected | None = None
    for document in page.documents:
        try:
            documents.append(shape.listed(document, version))
        except ValueError as error:
            rejected = Rejected(f"{document['_id']}: {error}")
    return documents, rejected


def _put_each(writer: VersionedWriter, documents: Sequence[VersionedDocument]) -> None:
    for document in documents:
        with contextlib.suppress(Rejected):
            writer.put([document])


def _range(page: Page) -> Document:
    after = {"$gt": page.after} if page.after is not None else {}
    upto = {"$lte": page.upto} if page.upto is not None else {}
    return {"_id": {**after, **upto}} if after or upto else {}
