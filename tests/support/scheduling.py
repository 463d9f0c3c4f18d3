"""Which tests stay together on one worker, those that share a running step and else those of one file; and
in which order they are distributed.
"""

import re
from collections import Counter
from typing import Any

from xdist.scheduler import LoadScopeScheduling

STEP = re.compile(r"[\[-](step\d)[\]-]")
PLACE = re.compile(r"(?:.*/)?tests/(\w+)/(\w+)\.py::")
TEXT = re.compile(r"::test_block\[(.+):\d+\]")
EXERCISE = re.compile(r"/test_exercises\.py::.*\[(\d\.\d)\]")
SHARING = {"step1", "step2", "drills"}
"""Folders whose files share a running step, or should not run beside each other."""

ALONE = {"test_all_steps", "test_bench", "test_builds", "test_layout"}
"""Files in these folders that do not."""

SLOW_TO_START = {"step2", "step3"}
"""Steps that the suites of the face share, one after another; of other steps each suite starts its own."""

WITH_SUITES = {
    "step2": {"test_readme", "test_rebuild", "test_scale", "test_sign_out", "test_versions"},
    "step3": {"test_face", "test_readme", "test_replace", "test_run"},
}
"""Files whose tests share the step of the suites. Step 2 runs twice, as all of its tests together would end
last: the suites share theirs with those that start and stop instances.
"""

LONGEST = (
    *(
        "chapters/test_built_slides",
        "step3_async/README.md",
        "chapters/test_learn",
        "step2_services/README.md",
        "step0_monolith/README.md",
    ),
    *("exercise 3.3", "exercise 3.4", "exercise 3.1", "exercise 3.2", "step1_rest/README.md"),
    *("shared step3", "shared step2", "step2", "e2e of step0", "contract of step0", "step3/test_hosting"),
    *("workshop/test_load_subreddit", "step3/test_nats_events", "step3/test_rapids_command"),
    *("contract of step1", "workshop/test_load_command", "workshop/test_make_targets"),
    *("workshop/test_stores", "step3/test_gateway_failures", "step1", "workshop/test_run"),
    *("drills", "step3/test_capture_killed", "step3/test_bench"),
)
"""Groups that begin first: those that take longest, so that no worker begins them late, and those that mostly
wait, beside others that keep a processor busy.
"""


def group_of(nodeid: str) -> str:
    """Return the name of the group that a test belongs to, by its id."""
    place = PLACE.match(nodeid)
    if place is None:
        return nodeid.partition("::")[0]
    if text := TEXT.search(nodeid):
        return text[1]
    if exercise := EXERCISE.search(nodeid):
        return f"exercise {exercise[1]}"
    folder, file = place.groups()
    if step := STEP.search(nodeid):
        return f"shared {step[1]}" if step[1] in SLOW_TO_START else f"{folder} of {step[1]}"
    if file in WITH_SUITES.get(folder, ()):
        return f"shared {folder}"
    if folder in SHARING and file not in ALONE:
        return folder
    return f"{folder}/{file}"


def longest_first(items: list[Any]) -> None:
    """Sort tests: the LONGEST groups first, then others by their number of tests.

    In a group those that take no `step` come first, as those of the face fill the step they share with posts.
    """
    sizes = Counter(group_of(item.nodeid) for item in items)

    def place(item: Any) -> tuple[int, int, str, bool]:
        group = group_of(item.nodeid)
        order = LONGEST.index(group) if group in LONGEST else len(LONGEST)
        return order, -sizes[group], group, STEP.search(item.nodeid) is not None

    items.sort(key=place)


class ByStep(LoadScopeScheduling):
    """Hands out whole groups, in the order in which they are collected."""

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        self.config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
