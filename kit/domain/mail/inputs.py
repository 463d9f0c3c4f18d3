"""The body of a request to share a post by mail."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from kit.http.inputs import Body, Email, plain, unix_lines

Note = Annotated[str, BeforeValidator(unix_lines), Field(max_length=1000), AfterValidator(plain)]


class Share(Body):
    """Where to mail a post, and what to say."""

    to: Email
    note: Note = ""
