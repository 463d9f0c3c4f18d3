"""One figure of our generator beside that of k6, an open-loop generator that others keep."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from workshop.compare.instrument.null_server import SEARCHED, null_job, null_server
from workshop.compare.instrument.sending import send_in_time
from workshop.compare.system import cores

RATE = 200.0
DELAY = 0.02
GRACE = 60.0

SCRIPT = """
import http from 'k6/http';
const rate = Number(__ENV.RATE), duration = __ENV.SECONDS + 's';
export const options = {
  summaryTrendStats: ['med', 'p(99)'],
  scenarios: {load: {executor: 'constant-arrival-rate', rate, duration, preAllocatedVUs: 50, maxVUs: 500}},
};
export default function () { http.get(__ENV.URL); }
export function handleSummary(data) { return {stdout: JSON.stringify(data.metrics)}; }
"""


def cross_check(seconds: float) -> dict[str, Any] | str:
    """Return p50 and p99 of a server that takes 20 ms, as k6 and as we measure them (see `Instrument.other`),
    or why there is no such figure.
    """
    k6 = _find()
    if k6 is None:
        return "there is no k6 on this machine"
    with null_server(delay=DELAY) as (_, base):
        ours = send_in_time(null_job(base, RATE, seconds))
        try:
            version, theirs = _run(k6, base, seconds)
        except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
            return f"k6 failed: {error}"
    return {
        "name": "k6",
        "version": version,
        "rate": RATE,
        "p50_ms": theirs["med"],
        "our_p50_ms": ours.latency_ms["0.5"],
        "p99_ms": theirs["p(99)"],
        "our_p99_ms": ours.latency_ms["0.99"],
    }


def _find() -> str | None:
    beside = Path(sys.executable).with_name("k6")
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("k6")


def _run(k6: str, base: str, seconds: float) -> tuple[str, dict[str, float]]:
    settings = {"URL": f"{base}{SEARCHED}", "RATE": f"{RATE:.0f}", "SECONDS": f"{seconds:.0f}"}
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("K6_")},
        "K6_NO_USAGE_REPORT": "true",
        "GOMAXPROCS": str(len(cores.GENERATOR)),
    }
    with cores.on(cores.GENERATOR):
        shown = subprocess.run(
            [k6, "version"], env=env, capture_output=True, text=True, timeout=GRACE, check=True
        )
        done = subprocess.run(
            [k6, "run", "--quiet", "--no-usage-report", "-", *_variables(settings)],
            input=SCRIPT,
            env=env,
            capture_output=True,
            text=True,
            timeout=seconds + GRACE,
            check=True,
        )
    version = re.search(r"v([\d.]+)", shown.stdout)
    figures = json.loads(done.stdout)["http_req_duration"]["values"]
    return version.group(1) if version else "", figures


def _variables(settings: dict[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
