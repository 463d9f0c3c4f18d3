"""Why a learner's step did not start, from its output."""

import re
from pathlib import Path

PREFIX = re.compile(r"^\d\d:\d\d:\d\d \S+ +\| ?", re.MULTILINE)
"""The time and the name of the process, at the beginning of each line of a run's output."""

ERROR = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Exit|Iteration): .+$", re.MULTILINE)
LAST_LINES = 8


def output(log: Path) -> str:
    """Return what a run has printed to this file so far."""
    return log.read_text(errors="replace") if log.exists() else ""


def reason(printed: str, workspace: str) -> str:
    """Return the error and the last line of the copy that led to it; without an error, the last lines."""
    last = PREFIX.sub("", printed).strip().splitlines()[-LAST_LINES:]
    return error_in(printed, workspace) or "The end of its output:\n" + "\n".join(last)


def error_of(service: str, printed: str, workspace: str) -> str:
    """Return the first error of an instance of a service, "" without one."""
    own = re.compile(rf"^\d\d:\d\d:\d\d {re.escape(service)}(-\S+)? +\|")
    return error_in("\n".join(filter(own.match, printed.splitlines())), workspace)


def error_in(printed: str, workspace: str) -> str:
    """Return the first error, and the last line of the copy that led to it; "" without one."""
    plain = PREFIX.sub("", printed)
    error = ERROR.search(plain)
    if error is None:
        return ""
    places = re.findall(
        rf'^ *File "{re.escape(workspace)}/([^"]+)", line (\d+)', plain[: error.start()], re.MULTILINE
    )
    where = "{}, line {}: ".format(*places[-1]) if places else ""
    return where + error[0]
