"""The files of this checkout: what git tracks, and what is new and not ignored."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files() -> list[Path]:
    """Return all of them, by name."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = {name for name in listed.stdout.split("\0") if name}
    return [ROOT / name for name in sorted(names) if (ROOT / name).is_file()]


def texts() -> list[Path]:
    """Return all README files and other texts for readers."""
    return [path for path in files() if path.suffix == ".md" and "templates" not in path.parts]


def name_of(path: Path) -> str:
    """Return the path of a file within this checkout."""
    return path.relative_to(ROOT).as_posix()
