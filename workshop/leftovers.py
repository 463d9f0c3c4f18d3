"""Stop servers that a killed run left behind, with a bare Python: `python3 -I workshop/leftovers.py STATE`.

For a `.venv` that is broken. `./stones clean` does the same where it is in order.
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
    """Stop each server that a pid file in the folder names, if that process is still this server."""
    for file in sorted(state.glob("*.pid.json")):
        name = file.name.split(".")[0]
        try:
            pid = int(json.loads(file.read_text())["pid"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        # Process ids are used again: its command line tells whose it is.
        if not any(sign in _command_line(pid) for sign in (str(state.resolve()), "workshop.mailbox")):
            continue
        if _stop(pid):
            print(f"Stopped {name}.")
        else:
            sys.exit(f"{name} (process {pid}) does not stop, so nothing was removed.")


def _stop(pid: int) -> bool:
    """Ask a process to end, then make it; whether it has ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_SECONDS
        try:
            os.kill(pid, number)
            while time.monotonic() < deadline:
                os.kill(pid, 0)
                if _command_line(pid) == "":  # it has ended, and nobody has asked about it
                    return True
                time.sleep(0.05)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
    return False


def _command_line(pid: int) -> str:
    """Its program and arguments; empty where there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        pass
    command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    try:
        told = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    except OSError:
        return ""
    return told.stdout.decode(errors="replace").strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
