"""The names of operations, of schemas, and of variables in addresses."""

import re
from collections.abc import Container

from werkzeug.routing import Rule

from kit.openapi.responses import Json

# A converter's arguments may be quoted, and what is quoted may hold anything, as regular expressions do.
VARIABLE = re.compile(
    r"""<(?:(?P<converter>\w+)(?:\((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^)"'])*\))?:)?(?P<name>\w+)>"""
)
ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")


def camel_case(text: str) -> str:
    """Return words as one name in camel case: showImage for `show_image` and "show image"."""
    words: list[str] = re.findall(r"[A-Za-z0-9]+", text) or ["it"]
    first, *rest = words
    return first[0].lower() + first[1:] + "".join(map(capitalised, rest))


def capitalised(text: str) -> str:
    """Return a name with a capital first letter, and the other letters unchanged."""
    return text[:1].upper() + text[1:]


def free_name(name: str, taken: Container[str]) -> str:
    """Return `name`, with a number at its end where it is taken."""
    number, tried = 1, name
    while tried in taken:
        number += 1
        tried = f"{name}{number}"
    return tried


def methods_of(rule: Rule) -> list[str]:
    """List the methods of a route, without HEAD and OPTIONS."""
    return [method for method in ORDER if method in (rule.methods or ())]


def variables_of(rule: Rule) -> dict[str, Json]:
    """Describe the variables of a route's address by their converters."""
    whole_number = {"type": "integer", "minimum": 0}
    return {
        found["name"]: whole_number if found["converter"] == "int" else {"type": "string"}
        for found in VARIABLE.finditer(rule.rule)
    }


def template_of(rule: Rule) -> str:
    """Return a route's address in OpenAPI's form, with Eve's `_id` as `id`."""
    path: str = VARIABLE.sub(lambda found: f"{{{shown_name(found['name'])}}}", rule.rule)
    return path


def shown_name(variable: str) -> str:
    """Return the name to show for a variable."""
    return variable.lstrip("_") or variable
