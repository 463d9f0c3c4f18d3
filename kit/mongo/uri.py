"""Read and change the database in an address such as MONGODB_URI:
https://www.mongodb.com/docs/manual/reference/connection-string/"""

import re
from urllib.parse import unquote

from pymongo.errors import ConfigurationError
from pymongo.uri_parser import parse_uri

EXAMPLE = "mongodb://127.0.0.1:27017/stones?replicaSet=rs0"

_PARTS = re.compile(
    r"(?P<scheme>mongodb(\+srv)?)://(?P<who>[^/?]*@)?(?P<hosts>[^/?@]+)(/(?P<path>[^?]*))?(\?(?P<options>.*))?",
    re.DOTALL,
)


def database_of(uri: str) -> str:
    """Return the database that an address names.

    Raises RuntimeError, with what to write instead, for an address that names none or is none.
    """
    found = _PARTS.fullmatch(uri)
    if found is None:
        raise RuntimeError(f"MONGODB_URI is no address of MongoDB. Write one such as {EXAMPLE}.")
    name = unquote(found["path"] or "")
    if not name:
        raise RuntimeError(
            f"MONGODB_URI names no database. Write its name behind the address, as in {EXAMPLE}."
        )
    if "." in name:
        raise RuntimeError(f"MONGODB_URI names a collection. A database's name has no dot, as in {EXAMPLE}.")
    if found["scheme"] == "mongodb":  # the other kind's hosts are in the DNS, which may be away
        try:
            parse_uri(uri)
        except (ConfigurationError, ValueError) as error:
            raise RuntimeError(f"MONGODB_URI is no address of MongoDB: {error}") from None
    return name


def in_database(uri: str, name: str) -> str:
    """Return an address with the name of another database, for the same user. Raises RuntimeError."""
    database_of(uri)
    found = _PARTS.fullmatch(uri)
    assert found is not None  # noqa: S101 - or it would name no database
    given = found["path"] if found["scheme"] == "mongodb" else "admin"
    options = found["options"] or ""
    if found["who"] and "authsource=" not in options.lower() and "authmechanism=" not in options.lower():
        options += f"{'&' if options else ''}authSource={given}"
    return f"{found['scheme']}://{found['who'] or ''}{found['hosts']}/{name}{'?' if options else ''}{options}"
