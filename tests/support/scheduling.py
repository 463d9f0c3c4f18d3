"""Which tests stay together on one worker: those that share a running step, and else those of one file."""

import re

from xdist.scheduler import LoadScopeScheduling

STEP = re.compile(r"[\[-](step\d)[\]-]")
PLACE = re.compile(r"(?:.*/)?tests/(\w+)/(\w+)\.py::")
SHARING = {"step1", "step2"}
"""Folders whose files share a running step."""

ALONE = {"test_scale", "test_builds", "test_layout"}
"""Files in them that do not."""

TOGETHER = {"step3": {"test_face", "test_replace", "test_run"}}
"""Files that share a running step, in folders of which most do not."""


def group_of(nodeid: str) -> str:
    """What a test stays together with, by its id."""
    place = PLACE.match(nodeid)
    if place is None:
        return nodeid.partition("::")[0]
    folder, file = place.groups()
    if step := STEP.search(nodeid):
        return f"{folder} of {step[1]}"
    is_shared = file in TOGETHER.get(folder, ()) or (folder in SHARING and file not in ALONE)
    return folder if is_shared else f"{folder}/{file}"


class ByStep(LoadScopeScheduling):
    """Hands out whole groups, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
