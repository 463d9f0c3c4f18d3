"""Rules for documents that Cerberus does not have."""

import re
from collections.abc import Callable
from typing import Any

from eve.io.mongo import Validator as EveValidator

from kit.http import inputs
from kit.service.data import as_http_errors


class Validator(EveValidator):  # type: ignore[misc]
    """Eve's validator, but regular expressions match whole values, and there are checks of what people enter.

    Use the checks as `"check_with": "email"` and so on; see `kit.http.inputs`.
    """

    def _validate_regex(self, pattern: str, field: str, value: Any) -> None:
        """{'type': 'string'}"""
        # Cerberus matches up to a `$`, which lets a line break pass at the end.
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            self._error(field, f"does not match {pattern}")

    def _check_with_email(self, field: str, value: Any) -> None:
        self._check(field, inputs.email_address, value)

    def _check_with_one_line(self, field: str, value: Any) -> None:
        self._check(field, inputs.one_line, value)

    def _check_with_plain(self, field: str, value: Any) -> None:
        self._check(field, inputs.plain, value)

    def _is_value_unique(self, unique: bool, field: str, value: Any, query: Any) -> None:
        with as_http_errors():
            super()._is_value_unique(unique, field, value, query)

    def _check(self, field: str, rule: Callable[[str], str], value: Any) -> None:
        if not isinstance(value, str):  # null, where a field may be; other types are reported already
            return
        try:
            rule(value)
        except ValueError as error:
            self._error(field, str(error))
