"""What the service sync is told, and shows."""

import os
from typing import Any

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}

DOMAIN: dict[str, Any] = {
    "relations": {
        "schema": {
            "_id": {"type": "string", "regex": "[a-z]+[.][a-z]+"},
            **dict.fromkeys(("owner", "what", "taker", "state", "problem"), TEXT),
            **dict.fromkeys(("delivered", "filled", "left_out"), NUMBER),
            "examples": {"type": "list", "schema": TEXT},
            "reaches": {"type": "datetime", "nullable": True},
            "began": {"type": "datetime", "nullable": True},
        },
        "resource_title": "Who keeps copies of what, and how far they reach",
        "resource_methods": ["GET"],
        "item_methods": ["GET"],
        "public_methods": ["GET"],
        "public_item_methods": ["GET"],
        "allowed_filters": ["owner", "what", "taker", "state"],
        "datasource": {"source": "relations", "default_sort": [("_id", 1)]},
        "kit": {
            "added": {"lag": {"type": "number", "description": "Seconds that the copies may lie behind."}},
        },
    }
}


def get_interval() -> float:
    """Seconds between two rounds."""
    return float(os.environ.get("SYNC_INTERVAL", "0.5"))


def get_sync_key() -> str:
    """The key that sync's own tokens are signed with: 32 random bytes as base64url. Raises RuntimeError
    without.
    """
    try:
        return os.environ["SYNC_KEY"]
    except KeyError:
        raise RuntimeError("Set SYNC_KEY to 32 random bytes as base64url; `make run` does so.") from None


def get_operator_secret() -> str:
    """What an operator's requests must carry."""
    return os.environ.get("OPERATOR_SECRET", "")
