"""Install locked requirements into this Python's environment: `python -I requirements/install.py LOCK …`.

Users decide in pip's own variables and files where packages come from and how to reach them. They do not
decide what is installed and where: options such as `user`, `target` or `constraint` are ignored.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

FETCHING = {
    "index-url",
    "pypi-url",
    "extra-index-url",
    "no-index",
    "find-links",
    "trusted-host",
    "proxy",
    "cert",
    "client-cert",
    "keyring-provider",
    "timeout",
    "default-timeout",
    "retries",
    "resume-retries",
    "cache-dir",
    "no-cache-dir",
    "no-input",
    "use-feature",
    "use-deprecated",
}
LINE = re.compile(r"(?:global|install|:env:)\.([a-z-]+)=(.+)")
PIP = (sys.executable, "-I", "-m", "pip")


def main(locks: list[str]) -> int:
    """Install everything that the files name. Return pip's exit code."""
    # The Makefile makes the environment anew if an installation has begun and not ended.
    begun = Path(sys.prefix) / "installing"
    begun.touch()
    files = [word for lock in locks for word in ("--requirement", lock)]
    code = subprocess.run([*PIP, "install", "--quiet", "--require-hashes", *files], env=_env(), check=False)
    if code.returncode == 0:
        begun.unlink()
    return code.returncode


def _env() -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith("PIP_")}
    options = {f"PIP_{name.replace('-', '_').upper()}": value for name, value in _fetching(others).items()}
    return {**others, **options, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _fetching(others: dict[str, str]) -> dict[str, str]:
    """Return the user's options for downloads, in pip's order: files, then variables."""
    variables = {f"PIP_{name.replace('-', '_').upper()}" for name in FETCHING} | {"PIP_CONFIG_FILE"}
    env = {**others, **{name: value for name, value in os.environ.items() if name in variables}}
    # With -vvv, as a file may set `quiet`. Lines without an option are skipped below.
    command = [*PIP, "-vvv", "config", "list"]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=False)
    found = {}
    for section in ("global", "install", ":env:"):
        for line in done.stdout.splitlines():
            match = LINE.fullmatch(line.strip())
            if match and line.strip().startswith(f"{section}.") and match[1] in FETCHING:
                found[match[1]] = str(ast.literal_eval(match[2]))
    return found


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"{sys.prefix} cannot be written: {error.strerror}. Did a run with sudo make it?")
