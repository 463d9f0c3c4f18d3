"""`python -m workshop.mailbox`: SMTP and the page in one process."""

import asyncio
import signal
import socket
import threading
from ipaddress import ip_address

import click
from werkzeug.serving import WSGIRequestHandler, make_server

from workshop.addresses import host_in_url
from workshop.default_ports import default_ports
from workshop.mailbox.box import Box
from workshop.mailbox.hang import Hang
from workshop.mailbox.smtp import protocol
from workshop.mailbox.web import create_app
from workshop.ports import HIGHEST_PORT, require_free

PORT = click.IntRange(1, HIGHEST_PORT)
SMTP_PORT, HTTP_PORT = default_ports()["MAIL_SMTP_PORT"], default_ports()["MAIL_HTTP_PORT"]
STOP_POLL_SECONDS = 0.05


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: health checks would fill the log."""


@click.command()
@click.option("--host", envvar="MAIL_HOST", default="127.0.0.1", show_default=True)
@click.option("--smtp-port", envvar="MAIL_SMTP_PORT", default=SMTP_PORT, show_default=True, type=PORT)
@click.option("--http-port", envvar="MAIL_HTTP_PORT", default=HTTP_PORT, show_default=True, type=PORT)
def main(host: str, smtp_port: int, http_port: int) -> None:
    """Accept mail over SMTP, deliver none of it, and show it on a page."""
    if smtp_port == http_port:
        raise click.ClickException(
            f"MAIL_SMTP_PORT and MAIL_HTTP_PORT are both {smtp_port}, but they must differ."
        )
    with (
        _listen(host, smtp_port, "MAIL_SMTP_PORT") as smtp,
        _listen(host, http_port, "MAIL_HTTP_PORT") as http,
    ):
        asyncio.run(_serve(host, smtp, http))


def _listen(host: str, port: int, variable: str) -> socket.socket:
    require_free(port, variable, host)  # macOS would share the port with a socket on all addresses
    try:
        return socket.create_server((host, port), family=socket.getaddrinfo(host, port)[0][0])
    except OSError as error:
        require_free(port, variable, host)
        raise click.ClickException(f"Port {port} on {host} cannot be opened: {error.strerror}.") from None


async def _serve(host: str, smtp: socket.socket, http: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stopped.set)
    box, hang = Box(), Hang()
    http_host = http.getsockname()[0]
    app = create_app(box, hang, _address(smtp), loopback=host if ip_address(http_host).is_loopback else None)
    pages = make_server(http_host, 0, app, threaded=True, request_handler=_QuietHandler, fd=http.fileno())
    threading.Thread(target=pages.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True).start()
    receiver = await loop.create_server(lambda: protocol(box, hang), sock=smtp)
    click.echo(f"Catching mail on {_address(smtp)} (SMTP); read it at http://{_address(http)}")
    await stopped.wait()
    # Close without waiting for open connections: an idle client must not delay the end.
    receiver.close()
    pages.shutdown()
    pages.server_close()


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"{host_in_url(host)}:{port}"


if __name__ == "__main__":
    main(prog_name="workshop.mailbox")
