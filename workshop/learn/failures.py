"""Why a learner's step did not start, from its output."""

import re

PREFIX = re.compile(r"^\d\d:\d\d:\d\d \S+ +\| ?", re.MULTILINE)
"""The time and the name of the process, at the beginning of each line of a run's output."""

ERROR = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Exit|Iteration): .+$", re.MULTILINE)
LAST_LINES = 8


def reason(output: str, workspace: str) -> str:
    """Return the error and the last line of the copy that led to it; without an error, the last lines."""
    plain = PREFIX.sub("", output)
    error = ERROR.search(plain)
    if error is None:
        return "The end of its output:\n" + "\n".join(plain.strip().splitlines()[-LAST_LINES:])
    places = re.findall(
        rf'^ *File "{re.escape(workspace)}/([^"]+)", line (\d+)', plain[: error.start()], re.MULTILINE
    )
    where = "{}, line {}: ".format(*places[-1]) if places else ""
    return where + error[0]
