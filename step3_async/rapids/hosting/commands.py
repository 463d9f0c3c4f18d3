"""What a command did, told to whoever waits until everybody has seen it."""

from flask import Flask, Response, g

from step3_async.rapids.headers import COMMAND


def tell_commands(app: Flask) -> None:
    """Have the answers of `app` to commands say what was written."""

    @app.after_request
    def tell(response: Response) -> Response:
        if "command" in g:
            response.headers[COMMAND] = g.command
        return response
