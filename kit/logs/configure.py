"""Configure logs: where they go, and how a line looks."""

import json
import logging
import os
import re
import sys
import traceback
from typing import Any, TextIO

import orjson
import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, ExcInfo, Processor

from kit.logs.secrecy import hide_secrets, without_secrets

FORMATS = ("console", "json")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

TALKATIVE = ("pymongo", "urllib3")
"""Libraries whose lines below WARNING have documents and query strings in them."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def configure_logs(service: str) -> None:
    """Send all logs of this process, those of libraries included, to stderr in the name of `service`.

    On a terminal they are lines for people, elsewhere one JSON object a line, unless LOG_FORMAT (`console` or
    `json`) says otherwise. LOG_LEVEL is INFO by default. Raises ValueError for other values of these two.
    """
    form = _chosen("LOG_FORMAT", FORMATS, "console" if sys.stderr.isatty() else "json")
    level = logging.getLevelNamesMapping()[_chosen("LOG_LEVEL", LEVELS, "INFO")]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

    def named(_logger: object, _method: str, line: EventDict) -> EventDict:
        line["service"] = service
        return line

    handler = logging.StreamHandler()
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[ProcessorFormatter.remove_processors_meta, named, *_rendering(form)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(max(level, logging.WARNING))
    for name in ("gunicorn.error", "gunicorn.access"):
        _adopt(logging.getLogger(name))
    logging.captureWarnings(True)


def _chosen(variable: str, known: tuple[str, ...], default: str) -> str:
    given = os.environ.get(variable) or default
    for each in known:
        if given.lower() == each.lower():
            return each
    raise ValueError(f"Set {variable} to one of {', '.join(known)}; {given!r} is none of them.")


def _adopt(logger: logging.Logger) -> None:
    """Make a logger that has handlers of its own write where all others do, unless it writes to a file."""
    if not any(isinstance(each, logging.FileHandler) for each in logger.handlers):
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


def _rendering(form: str) -> list[Processor]:
    if form == "console":
        return [
            without_secrets,
            _on_one_line,
            structlog.dev.ConsoleRenderer(colors=_has_colours(), exception_formatter=_write_exception),
        ]
    # Without locals: among them are passwords, tokens and whole requests.
    exceptions = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return [exceptions, without_secrets, structlog.processors.JSONRenderer(_dumps)]


def _has_colours() -> bool:
    """Return whether logs go to a terminal with colours, and NO_COLOR is not set (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stderr.isatty() and not plain


def _on_one_line(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Show control characters as escapes: a client's path must not forge lines or control the terminal."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), value)
    return line


def _write_exception(out: TextIO, exc_info: ExcInfo) -> None:
    out.write("\n" + hide_secrets("".join(traceback.format_exception(*exc_info))))


def _dumps(line: Any, **_options: object) -> str:
    try:
        return orjson.dumps(line).decode()
    except TypeError:  # integers of over 64 bits and lone surrogates, which orjson refuses
        return json.dumps(line)
