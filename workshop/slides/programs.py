"""The programs that build a deck: Marp on Node.js, and a Chromium for the PDF."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from workshop.doctor.packages import install_command
from workshop.doctor.programs import BROWSER_PACKAGES, BROWSERS, BROWSERS_OF_MACOS
from workshop.state import ROOT

MARP = Path(sys.prefix) / "slides" / "node_modules" / "@marp-team" / "marp-cli" / "marp-cli.js"
SLIDES = ROOT / "slides"
SECONDS = 300.0


def find_node() -> str:
    """Return the path of Node.js. Raises click.ClickException if it or Marp is missing."""
    node = shutil.which("node")
    if node is None:
        names = {"debian": "nodejs npm", "fedora": "nodejs", "macos": "node"}
        raise click.ClickException(f"Slides need Node.js 18 or newer, and npm. {_try(names)}")
    if not MARP.is_file():
        raise click.ClickException("Marp is not installed yet. `make slides` installs it.")
    return node


def find_browser() -> str | None:
    """Return the path of a Chromium: CHROME_PATH, else the first on the PATH, None if there is none."""
    given = os.environ.get("CHROME_PATH")
    return next(filter(None, map(shutil.which, [given or "", *BROWSERS, *BROWSERS_OF_MACOS])), None)


def without_browser() -> str:
    """Return what to say to a user who has no Chromium."""
    return (
        f"There is no Chromium, so there is no PDF. {_try(BROWSER_PACKAGES)}\n"
        "CHROME_PATH names one that is not on the PATH."
    )


def _try(names: Mapping[str, str]) -> str:
    command = install_command(names)
    return f"Try: {command}" if command else "Install it."


def to_html(deck: str) -> str:
    """Return a deck in Markdown as a page. Raises click.ClickException with what Marp says if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "deck.md"), Path(folder, "deck.html")
        source.write_text(deck, encoding="utf-8")
        own = ["--config-file", str(SLIDES / "marp.yml"), "--theme-set", str(SLIDES / "theme.css")]
        _run([find_node(), str(MARP), "--no-stdin", *own, "--output", str(made), "--", str(source)])
        return made.read_text(encoding="utf-8")


def to_pdf(browser: str, page: Path, made: Path) -> None:
    """Print a page to a PDF with a slide on each sheet. Raises click.ClickException if that fails."""
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to sandbox the superuser
    with tempfile.TemporaryDirectory() as profile:
        own = [
            "--headless",
            "--disable-gpu",
            *as_root,
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
        ]
        _run([browser, *own, f"--print-to-pdf={made}", page.as_uri()])
    if not made.is_file():
        raise click.ClickException(f"{browser} wrote no PDF.")


def _run(command: list[str]) -> None:
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise click.ClickException(f"{name} did not end within {SECONDS:.0f} s.") from None
    if done.returncode:
        raise click.ClickException(f"{name} failed:\n{done.stdout.strip()[-2000:]}")
