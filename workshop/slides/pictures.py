"""Pictures inside the page: as `data:` addresses, so that one file is the whole deck."""

import base64
import html
import mimetypes
import re
from pathlib import Path

import click

ADDRESS = re.compile(r'(?P<before>\bsrc="|\burl\(&quot;)(?P<address>(?!data:)[^"&]+)(?P<after>"|&quot;\))')


def inlined(page: str, folder: Path) -> str:
    """Return a page with the pictures that it names inside. `folder` is where their paths begin.

    Raises click.ClickException for a picture that is not in the repository.
    """
    return ADDRESS.sub(
        lambda found: f"{found['before']}{_data(found['address'], folder)}{found['after']}", page
    )


def _data(address: str, folder: Path) -> str:
    path = folder / html.unescape(address)
    if not path.is_file():
        raise click.ClickException(f"There is no picture {address}, seen from {folder}.")
    kind, _ = mimetypes.guess_type(path.name)
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
