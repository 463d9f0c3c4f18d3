"""Headers of every response."""

from flask import Flask, Response, g, request
from werkzeug.wrappers import Response as AnyResponse

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
NEGOTIATED_BLUEPRINTS = {"posts", "marks", "members", "share"}


def negotiates() -> bool:
    """Return whether responses at the address depend on the reader, and are JSON or HTML."""
    return request.blueprint in NEGOTIATED_BLUEPRINTS and request.endpoint != "posts.image"


def set_personal(response: AnyResponse) -> None:
    """Mark a response as one for this client alone."""
    # As text: Werkzeug's objects for these two headers parse and write them again at each change.
    response.headers["Vary"] = "Accept, Cookie, Authorization"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-cache, private" if g.get("reader") else "no-cache"


def set_headers(app: Flask) -> None:
    """Add the headers to all responses of `app`."""

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.update(ALWAYS)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        if negotiates():
            set_personal(response)
        return response
