"""Stop the servers that a killed run left behind, with Python alone: `python3 -I
workshop/stores/stop_orphans.py STATE`.

This is for a `.venv` that is broken. Where it works, `./stones clean` does the same.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

STOP_SECONDS = 30


def main(state: Path) -> None:
    """Stop each server that has a pid file in the folder, if the process is still that server."""
    for file in sorted(state.glob("*.pid.json")):
        name = file.name.split(".")[0]
        try:
            pid = int(json.loads(file.read_text())["pid"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        # The system uses process ids again, so compare the command line.
        if not any(part in _command_line(pid) for part in (str(state.resolve()), "workshop.mailbox")):
            continue
        if _stop(pid):
            print(f"Stopped {name}.")
        else:
            sys.exit(f"{name} (process {pid}) does not stop, so nothing was removed.")


def _stop(pid: int) -> bool:
    """Send SIGTERM to a process, and SIGKILL if that is not enough. Return whether it has ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_SECONDS
        try:
            os.kill(pid, number)
            while time.monotonic() < deadline:
                os.kill(pid, 0)
                if _command_line(pid) == "":  # it is a zombie
                    return True
                time.sleep(0.05)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
    return False


def _command_line(pid: int) -> str:
    """Return the program and its arguments, empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        pass
    command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    except OSError:
        return ""
    return done.stdout.decode(errors="replace").strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
