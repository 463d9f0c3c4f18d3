"""Each service can be built by itself: its requirements hold what it imports, its image what it needs."""

import re

import pytest

from tests.support.builds import ROOT, Built, services_of

STEP = "step2_services"
SERVICES = services_of(STEP)
SHARED = {"own_marks", "owned_marks", "replication", "service_factory"}
"""What the services of the step share."""

FILES = {
    *("__init__.py", "service.py", "requirements.in", "requirements.txt"),
    *("Dockerfile", "README.md"),
}


def test_services_are_those_of_the_readme() -> None:
    text = (ROOT / STEP / "README.md").read_text()
    assert [f"{STEP}/{name}" for name in sorted(re.findall(r"^\| \[(\w+)\]", text, re.MULTILINE))] == SERVICES
    assert len(SERVICES) == 10


@pytest.mark.parametrize("service", SERVICES)
class TestEach:
    def test_folder_has_the_same_files_as_others(self, service: str) -> None:
        assert Built(service).files() >= FILES

    def test_requirements_are_what_it_imports(self, service: str) -> None:
        modules = Built(service).check_requirements()
        own = service.rsplit("/", maxsplit=1)[-1]
        assert {name.split(".")[0] for name in modules} - SHARED == {own}

    def test_image_copies_the_service_and_the_kit(self, service: str) -> None:
        Built(service).check_image()

    def test_pins_agree_with_those_of_other_services(self, service: str) -> None:
        Built(service).check_pins()
