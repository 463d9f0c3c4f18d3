"""Runs the command: `python -m workshop`."""

import signal

# Until a command installs its own handler, Ctrl-C ends the process silently, without a traceback of an
# import.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from workshop.cli import main
from workshop.terminal import fit_encoding

fit_encoding()
main(prog_name="stones")
