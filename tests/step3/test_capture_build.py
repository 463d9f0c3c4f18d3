"""Capture can be built by itself: its requirements hold what it imports, its image what it loads."""

from tests.support.builds import Built

CAPTURE = Built("step3_async/capture")


def test_requirements_hold_what_capture_imports() -> None:
    own = {module.split(".")[0] for module in CAPTURE.check_requirements()}
    assert own == {"capture", "contracts", "rapids"}
    CAPTURE.check_pins()


def test_image_copies_what_capture_loads() -> None:
    assert {"step3_async/contracts", "step3_async/rapids"} <= CAPTURE.check_image()
