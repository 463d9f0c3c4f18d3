"""Runs the command: `python -m step3_async.rapids`."""

from step3_async.rapids.cli import main

main(prog_name="rapids")
