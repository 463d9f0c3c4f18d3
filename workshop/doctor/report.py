"""All checks and their report. It needs no package; some checks do, and are left for later without them."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from workshop import terminal
from workshop.doctor.finding import LATER, OK, Finding
from workshop.doctor.machine import check_machine, free_memory
from workshop.doctor.needs import GB, MB, NEEDS, Need
from workshop.doctor.programs import check_programs

RED, YELLOW, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"
PORT = "port "
"""How the names of findings about ports begin."""

GAP = "  "
NEED_COLUMNS = ("{:<21}", "{:>8}", "{:>7}", "{:>7}", "{}")


def report(*, as_json: bool) -> int:
    """Check all and print the report. Return the exit code: 1 if something is wrong that is needed."""
    findings = [*check_machine(), *check_programs(), *_check_installed()]
    needed = [each for each in findings if each.needed and not each.ok]
    if as_json:
        found = {
            "ok": not needed,
            "findings": [asdict(each) for each in findings],
            "needs": [asdict(each) for each in NEEDS],
        }
        terminal.write(json.dumps(found, indent=1))
    else:
        blocks = [[*_findings(findings)], [*_needs(NEEDS, free_memory())], [*_mends(findings)]]
        lines = [line for block in blocks if block for line in (*block, "")]
        terminal.write("\n".join([*lines, _verdict(findings, needed)]))
    return 1 if needed else 0


def _check_installed() -> list[Finding]:
    """Return the findings of checks that need packages, or one that says why they have to wait."""
    try:
        from workshop.doctor.installed import check_installed  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("kit", "workshop"):
            raise
        what = "MongoDB and NATS come with the first `make run`; ports are checked then"
        return [Finding("servers", LATER, True, what)]
    return check_installed()


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    shown = _with_free_ports_in_one(findings)
    names = max(len(each.name) for each in shown)
    states = max(len(_state(each)) for each in shown)
    for each in shown:
        first = f"{each.name:{names}}{GAP}{_state(each):{states}}{GAP}"
        left_out = f"; left out: {each.left_out}" if each.left_out and not each.ok else ""
        for number, line in enumerate(_wrapped(each.found + left_out, len(first)) or [""]):
            yield _coloured(f"{first if number == 0 else ' ' * len(first)}{line}", _colour(each))


def _with_free_ports_in_one(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with a single one for all ports that are free."""
    free = [each for each in findings if each.name.startswith(PORT) and each.found.startswith("free")]
    numbers = ", ".join(each.name.split()[1] for each in free)
    others = [each for each in findings if each not in free]
    return [*others, Finding("ports", OK, True, f"{numbers} are free")] if free else others


def _needs(needs: Sequence[Need], free: int) -> Iterator[str]:
    def line(*cells: str) -> str:
        return GAP.join(form.format(cell) for form, cell in zip(NEED_COLUMNS, cells, strict=True)).rstrip()

    yield line("What it takes", "download", "disk", "memory", "time (two processors)")
    for each in needs:
        is_short = each.memory_bytes > free
        yield _coloured(
            line(
                each.what,
                "done" if each.is_installed() else _size(each.download_bytes),
                _size(each.disk_bytes),
                _size(each.memory_bytes),
                f"{each.time}; not enough memory here" if is_short else each.time,
            ),
            YELLOW if is_short else "",
        )


def _size(size: float) -> str:
    if not size:
        return ""
    return f"{size / GB:.1f} GB" if size >= GB else f"{size / MB:.0f} MB"


def _mends(findings: Sequence[Finding]) -> Iterator[str]:
    for each in findings:
        if each.mend and not each.ok:
            yield f"To mend {each.name}:"
            # On a line of its own and never wrapped, so that it can be copied.
            yield f"    {each.mend}"


def _state(finding: Finding) -> str:
    if finding.ok:
        return finding.status
    return f"{finding.status} ({'needed' if finding.needed else 'optional'})"


def _colour(finding: Finding) -> str:
    if finding.ok:
        return ""
    return RED if finding.needed else YELLOW


def _coloured(line: str, colour: str) -> str:
    is_wanted = bool(os.environ.get("FORCE_COLOR")) or terminal.has_colours(sys.stdout)
    return f"{colour}{line}{PLAIN}" if colour and is_wanted else line


def _wrapped(text: str, indent: int) -> list[str]:
    # A word that is too long, such as a path, stays whole.
    width = max(shutil.get_terminal_size().columns - indent, 20)
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _verdict(findings: Sequence[Finding], needed: Sequence[Finding]) -> str:
    if needed:
        return f"Not ready: {', '.join(each.name for each in needed)}."
    left_out = [each.left_out for each in findings if each.left_out and not each.ok]
    without = f" Left out on this machine: {'; '.join(left_out)}." if left_out else ""
    if any(each.status == LATER for each in findings):
        return f"Ready for the first `make run`, which installs the rest.{without}"
    return f"Ready: everything needed is here.{without}"
