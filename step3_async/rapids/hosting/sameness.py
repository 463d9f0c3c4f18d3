"""Answers that are the same for everybody, until something they depend on changes."""

from collections.abc import Mapping

from flask import Flask, Response, request

from step3_async.rapids.headers import DEPENDS_ON


def tell_what_visitors_see_depends_on(app: Flask, service: str, same: Mapping[str, str]) -> None:
    """Have good answers of these endpoints of `app` to visitors, who have no token, say on which domain in
    `service`'s pond they depend.
    """

    def tell(response: Response) -> Response:
        domain = same.get(request.endpoint or "")
        if domain and response.status_code == 200 and "HTTP_AUTHORIZATION" not in request.environ:
            response.headers[DEPENDS_ON] = f"{service}.{domain}"
        return response

    # Flask calls the first last: by then a good answer may have become a 304.
    app.after_request_funcs.setdefault(None, []).insert(0, tell)
