"""Start `workshop run` and send it a signal at one place of the code: `… PLACE SIGNAL ARGUMENT…`.

PLACE is `file.py:function` within the workshop. When its first line is reached, the signal is sent to this
process, and again at every line of the workshop's code that is new from then on: as often as nobody presses
Ctrl-C. So a signal comes exactly there, however fast the machine is. Where it raises an exception it comes
once, since that ends the tracing.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from workshop import signals
from workshop.cli import main

ROOT = Path(__file__).resolve().parents[2] / "workshop"
place, name, *arguments = sys.argv[1:]
number = signal.Signals[name]
seen: set[tuple[str, int]] = set()


def trace_calls(frame: FrameType, _event: str, _argument: Any) -> Any:
    return trace_lines if Path(frame.f_code.co_filename).is_relative_to(ROOT) else None


def trace_lines(frame: FrameType, event: str, _argument: Any) -> Any:
    file, line = frame.f_code.co_filename, frame.f_lineno
    begins = f"{Path(file).name}:{frame.f_code.co_name}" == place
    if event == "line" and (seen or begins) and (file, line) not in seen:
        seen.add((file, line))
        os.kill(os.getpid(), number)
    return trace_lines


def watch() -> None:
    noting()
    sys.settrace(trace_calls)


noting, signals.install = signals.install, watch
try:
    main(arguments, prog_name="workshop")
finally:
    print(f"signals: {len(seen)}", flush=True)
