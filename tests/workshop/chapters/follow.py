"""Small texts, and how a test runs them."""

from pathlib import Path

from tests.chapters.blocks import blocks
from tests.chapters.checkout import Checkout
from tests.chapters.text_run import TextRun


def console(*lines: str, run: str = "") -> str:
    """Return a block, with a comment above it if `run` is given."""
    comment = f"<!-- run: {run} -->\n" if run else ""
    return f"{comment}```console\n" + "".join(f"{line}\n" for line in lines) + "```\n\n"


def follow(folder: Path, text: str, *, fix: bool = False, **seconds: float) -> str:
    """Run a text, and return it as it is then. Raises BlockFailed, and AssertionError if anything is wrong at
    the end.
    """
    path, checkout = folder / "text.md", folder / "checkout"
    path.write_text(text)
    checkout.mkdir()
    run = TextRun(path, Checkout(checkout), fix=fix, **seconds)
    try:
        for block in blocks(text):
            run.run(block)
    finally:
        problems = run.close()
    assert not problems, problems
    return path.read_text()
