"""The gateway can be built by itself: its requirements hold what it imports, its image what it loads."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.builds import ROOT, Built, distributions_imported_by

FOLDER = "step3_async/gateway"
LOADED = """
import json, sys
import step3_async.gateway.__main__
print(json.dumps([module.__file__ for name, module in sys.modules.items()
                  if name.split(".")[0] in ("step3_async", "kit") and getattr(module, "__file__", None)]))
"""


def loaded() -> list[Path]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return [Path(file) for file in json.loads(done.stdout)]


def test_requirements_are_what_the_gateway_imports() -> None:
    needed = distributions_imported_by(loaded())
    assert "aiohttp" in needed
    assert needed <= Built(FOLDER).distributions()
    Built(FOLDER).check_pins()


def test_image_copies_what_the_gateway_loads() -> None:
    lines = (ROOT / FOLDER / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1] for line in lines if line.startswith("COPY") and "--from=" not in line]
    assert all((ROOT / path).exists() for path in copied)
    for file in loaded():
        inside = file.relative_to(ROOT)
        assert any(str(each) in copied for each in (inside, *inside.parents)), inside
    assert lines[-1] == 'CMD ["python", "-m", "step3_async.gateway"]'


def test_gateway_imports_no_service() -> None:
    inside = [file.relative_to(ROOT) for file in loaded()]
    assert {each.parts[1] for each in inside if each.parts[0] == "step3_async"} == {
        *("__init__.py", "client", "gateway", "contracts", "rapids"),
    }
