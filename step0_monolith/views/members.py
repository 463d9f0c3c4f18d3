"""The views to sign up, in and out, and the reader's own page."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, session
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from kit.domain.members.documents import SignIn, SignOut
from kit.http import params
from kit.http.problems import NameTaken, TooManyRequests, Unprocessable, WrongCredentials
from step0_monolith.http.bodies import SignUpForm, read_body
from step0_monolith.http.identity import current_reader, guard_sign_in, local_path, signed_in, start_session
from step0_monolith.http.negotiation import represent, wants_html
from step0_monolith.store import Store


def make_blueprint(store: Store) -> Blueprint:
    """Make the views over `store`."""
    views = Blueprint("members", __name__)

    @views.get("/signup", endpoint="signup")
    @views.get("/login", endpoint="login")
    def form() -> Response:
        params.allow_only("next")
        if not wants_html():
            raise MethodNotAllowed(["POST"], "The form is for browsers; POST a JSON object here.")
        return _form(request.path, 200)

    @views.post("/signup")
    def sign_up() -> AnyResponse:
        params.allow_only("next")
        guard_sign_in()
        try:
            wanted = read_body(SignUpForm)
            store.sign_up(wanted.username, wanted.password, wanted.email)
        except (Unprocessable, NameTaken) as error:
            if not wants_html():
                raise
            taken = {"username": str(error)} if isinstance(error, NameTaken) else {}
            return _form("/signup", 409 if taken else 422, issues=getattr(error, "issues", taken))
        if not wants_html():
            return make_response({"username": wanted.username}, 201)
        start_session(store.sign_in(wanted.username, wanted.password, _address()))
        return redirect(_next(), 303)

    @views.post("/login")
    def sign_in() -> AnyResponse:
        params.allow_only("next")
        guard_sign_in()
        try:
            wanted = read_body(SignIn)
            given = store.sign_in(wanted.username, wanted.password, _address())
        except (Unprocessable, WrongCredentials) as error:
            if not wants_html():
                raise
            issues = getattr(error, "issues", {})
            return _form("/login", 422 if issues else 401, issues=issues, message=str(error))
        except TooManyRequests as error:
            if not wants_html():
                raise
            response = _form("/login", 429, message=str(error))
            response.headers["Retry-After"] = str(error.retry_after)
            return response
        if wants_html():
            start_session(given)
            return redirect(_next(), 303)
        response = make_response({"token": given.token, "expires": given.expires})
        response.cache_control.no_store = True
        return response

    @views.post("/logout")
    @signed_in
    def logout() -> AnyResponse:
        params.allow_only()
        if request.get_data(cache=True):
            read_body(SignOut)
        store.sign_out(current_reader())
        if "Authorization" not in request.headers:
            session.clear()
        return redirect("/", 303) if wants_html() else make_response("", 204)

    @views.get("/me")
    @signed_in
    def me() -> Response:
        params.allow_only()
        profile = store.profile(current_reader())
        payload = {
            "username": profile.username,
            "email": profile.email,
            "created": profile.created,
            "counts": profile.counts,
        }
        return represent(payload, "me.html", profile=profile)

    return views


def _form(path: str, status: int, **context: Any) -> Response:
    values = {name: request.form.get(name, "") for name in ("username", "email")}
    values["next"] = _next()
    shown = {"issues": {}, "message": None, **context}
    return make_response(render_template(f"{path[1:]}.html", values=values, **shown), status)


def _next() -> str:
    return local_path(request.form.get("next") or request.args.get("next"))


def _address() -> str:
    return request.remote_addr or "unknown"
