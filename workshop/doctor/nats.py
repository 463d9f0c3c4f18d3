"""Checks that there is a NATS server that runs here."""

import os
import re
import shutil
import sys
import sysconfig

from workshop.doctor.finding import MISSING, OK, Finding
from workshop.doctor.packages import EMBEDDED, install_command
from workshop.doctor.ports import has_step
from workshop.doctor.programs import output_of
from workshop.stores.nats import OLDEST


def check_nats_server() -> Finding:
    """Check for a nats-server that is new enough: on the PATH, else installed beside this Python."""
    if os.environ.get("NATS_URL"):
        return Finding("nats-server", OK, False, "not needed: NATS_URL names a server")
    needed = has_step(3)
    oldest = ".".join(map(str, OLDEST))
    found = "none on the PATH"
    for folder, origin in ((None, "on the PATH"), (sysconfig.get_path("scripts"), "embedded")):
        binary = shutil.which("nats-server", path=folder)
        version = re.search(r"v(\d+)\.(\d+)\.\d+", output_of(binary, "--version") or "") if binary else None
        if version and (int(version[1]), int(version[2])) >= OLDEST:
            return Finding("nats-server", OK, needed, f"{version[0]} {origin}")
        if binary:
            found = f"{binary} is {version[0] if version else 'no server that runs'}"
    mend = install_command({"macos": "nats-server"}) if sys.platform == "darwin" else EMBEDDED
    return Finding("nats-server", MISSING, needed, f"{found}; step 3 needs {oldest} or newer", mend)
