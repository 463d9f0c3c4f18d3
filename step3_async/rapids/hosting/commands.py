"""What a command did, told to whoever waits until everybody has seen it."""

from flask import Flask, Response, g

COMMAND = "Command"
"""The header `Command: <domain>:<revision>:<key>` of an answer: the document that the command wrote."""


def tell_commands(app: Flask) -> None:
    """Have the answers of `app` to commands say what was written."""

    @app.after_request
    def tell(response: Response) -> Response:
        if "command" in g:
            response.headers[COMMAND] = g.command
        return response
