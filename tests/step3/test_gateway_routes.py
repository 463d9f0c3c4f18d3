"""Which service a path belongs to, as services announce it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from step3_async.client.routing.routes import Routes
from step3_async.rapids.messages import AnnouncedPath, Announcement
from tests.step3.backends import PATHS


def announcement(service: str, paths: dict[str, dict[str, Any]] | None = None) -> Announcement:
    """Return the announcement of an instance with these paths, by default the usual ones."""
    announced = PATHS[service] if paths is None else paths
    return Announcement(
        service=service,
        version="v1",
        instance=f"{service}-1",
        url="http://127.0.0.1:1",
        tags=[],
        subscriptions=[],
        paths=[AnnouncedPath(template=path, **more) for path, more in announced.items()],
        state="starting",
        pid=1,
    )


ALL = [announcement(service) for service in PATHS]


def routes(*announcements: Announcement) -> Routes:
    made = Routes()
    made.update(announcements)
    return made


def service_of(known: Routes, path: str) -> str | None:
    route = known.find(path)
    return route and route.service


@given(st.text())
def test_any_path_belongs_to_one_service_or_to_none(path: str) -> None:
    known = routes(*ALL)
    assert service_of(known, path) in {None, *PATHS}
    assert service_of(known, f"/api/{path}") in {None, *PATHS} - {"web"}
    assert service_of(known, f"/page/{path}") == "web"


def test_each_template_is_the_path_of_its_service() -> None:
    known = routes(*ALL)
    for service, paths in PATHS.items():
        for template, more in paths.items():
            path = f"{more.get('below', '/api')}{template}"
            path = path.replace("{post}", "t3_1").replace("{tag}", "red").replace("{name}", "me")
            expected = None if more.get("part") else service
            assert service_of(known, path.replace("{page:path}", "static/a.css")) == expected


def test_fixed_path_takes_precedence_over_a_pattern() -> None:
    known = routes(announcement("list", {"/posts/{post}": {}}), announcement("latest", {"/posts/latest": {}}))
    assert service_of(known, "/api/posts/latest") == "latest"
    assert service_of(known, "/api/posts/t3_1") == "list"


def test_pages_share_the_bulkhead_of_the_service_of_their_path() -> None:
    known = routes(*ALL)
    pages = ("/", "/login", "/search", "/posts/t3_1", "/posts/t3_1/like", "/static/a.css", "/favicon.ico")
    found = [route.bulkhead for path in pages if (route := known.find(path))]
    assert found == ["/", "/login", "search", "list", "like", "/{page:path}", "/{page:path}"]


def test_paths_of_a_service_that_is_gone_are_remembered() -> None:
    known = routes(*ALL)
    known.update([announcement("list")])
    assert service_of(known, "/api/search") == "search"
    assert [each.service for each in known.parts("/counts")] == ["share", "tagged"]
    known.update([announcement("search", {})])
    assert service_of(known, "/api/search") == "search"


def test_a_path_can_move_to_another_service() -> None:
    known = routes(announcement("recommend"))
    known.update([announcement("recommend", {"/recommended": {}}), announcement("topics", {"/topics": {}})])
    assert service_of(known, "/api/topics") == "topics"


def test_first_service_by_name_gets_a_path_of_two_with_a_warning() -> None:
    known = Routes()
    both = [announcement("search"), announcement("finder", {"/search": {}})]
    with capture_logs() as logs:
        known.update(both)
        known.update(reversed(both))
    assert service_of(known, "/api/search") == "finder"
    warnings = [each for each in logs if each["log_level"] == "warning"]
    assert [(each["path"], each["used"], each["by"]) for each in warnings] == [
        ("/api/search", "finder", ["finder", "search"])
    ]


def test_names_of_parameters_do_not_distinguish_paths() -> None:
    with capture_logs() as logs:
        known = routes(announcement("list", {"/posts/{post}": {}}), announcement("show", {"/posts/{id}": {}}))
    assert service_of(known, "/api/posts/t3_1") == "list"
    assert [each["by"] for each in logs] == [["list", "show"]]


def test_parts_may_be_announced_by_several_services() -> None:
    with capture_logs() as logs:
        known = routes(*ALL)
    assert logs == []
    assert service_of(known, "/api/counts") is None
