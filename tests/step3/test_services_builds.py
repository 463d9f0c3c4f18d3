"""Each service can be built by itself: its requirements hold what it imports, its image what it needs."""

import pytest

from tests.support.builds import ROOT, Built, services_of

STEP = "step3_async"
SERVICES = [each for each in services_of(STEP) if each.count("/") == 2]
FILES = {
    *("__init__.py", "service.py", "requirements.in", "requirements.txt"),
    *("Dockerfile", "README.md"),
}
SHARED = {"contracts", "rapids"}
SHARED_BY_KIND = {"aggregates.write_log", "views.ponds"}
MOST_LINES = 80


def test_all_services_of_the_step_are_found() -> None:
    assert {service.split("/")[-1] for service in SERVICES} == {
        *("posts", "tag", "like", "hide", "share", "members"),
        *("list", "search", "recommend", "tagged", "images"),
    }


@pytest.mark.parametrize("service", SERVICES)
class TestEach:
    def test_folder_has_the_same_files_as_others(self, service: str) -> None:
        assert Built(service).files() - {"__pycache__"} == FILES

    def test_requirements_are_what_it_imports(self, service: str) -> None:
        modules = Built(service).check_requirements()
        kind, name = service.split("/")[1:]
        own = {module for module in modules if module.split(".")[0] not in SHARED} - SHARED_BY_KIND
        assert own == {kind, f"{kind}.{name}", f"{kind}.{name}.service"}

    def test_image_copies_what_it_loads(self, service: str) -> None:
        assert f"{STEP}/rapids" in Built(service).check_image()

    def test_pins_agree_with_those_of_other_services(self, service: str) -> None:
        Built(service).check_pins()

    def test_service_is_short(self, service: str) -> None:
        assert len((ROOT / service / "service.py").read_text().splitlines()) < MOST_LINES
