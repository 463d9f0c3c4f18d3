"""Keep secrets out of logs: values with the name of a secret, and texts that look like one."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from structlog.typing import EventDict

HIDDEN = "[hidden]"
NAMES = frozenset({"authorization", "cookie", "cookies", "password", "secret", "token", "tokens", "jwt"})
"""A field is secret when one of these is a word of its name: `csrf_token`, `Set-Cookie`."""

_WORDS = re.compile(r"[^A-Za-z]+")
_LOOKS = [
    # A header in a text, up to the end of its line.
    (re.compile(r"(?i)\b(authorization|cookie)(['\"]?\s*[:=]\s*)[^\r\n]+"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{16,}"), rf"\1 {HIDDEN}"),
    # A signed token: every JSON object in base64url begins like this.
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),
    # The user and password of an address.
    (re.compile(r"://[^/\s@]+@"), f"://{HIDDEN}@"),
    (
        re.compile(r"(?i)(password|secret|token)(['\"]?\s*[:=]\s*['\"([{]*)[^\s'\",;&})\]]+"),
        rf"\1\2{HIDDEN}",
    ),
]
_HINT = re.compile(r"(?i)authorization|cookie|bearer|basic|eyJ|://|password|secret|token")


def without_secrets(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Hide secrets in a line, as a processor of structlog. Values become such as JSON has, except
    `exc_info`.
    """
    return {name: value if name == "exc_info" else _shown(name, value) for name, value in line.items()}


def hide_secrets(text: str) -> str:
    """Return `text` without what looks like a token, a password or a header with one."""
    if _HINT.search(text):
        for pattern, instead in _LOOKS:
            text = pattern.sub(instead, text)
    return text


def _shown(name: object, value: Any) -> Any:
    if isinstance(name, str) and not NAMES.isdisjoint(_WORDS.split(name.lower())):
        return HIDDEN
    if isinstance(value, str):
        return hide_secrets(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {hide_secrets(str(key)): _shown(key, each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(None, each) for each in value]
    return str(value) if isinstance(value, datetime | UUID) else hide_secrets(repr(value))
