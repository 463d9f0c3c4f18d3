"""A server that several runs share: the first to need it starts it, the last to leave stops it."""

import fcntl
import json
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Self

import click
import psutil

from workshop import environment, interruption, state
from workshop.ports import require_free
from workshop.processes.life import runs
from workshop.troubles import no_room, require_usable_state

PID_SUFFIX = ".pid.json"
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class PartFailed(click.ClickException):
    """A part would not start; the message has the end of its log."""


def version_text(binary: Path) -> str:
    """What a server's program prints of its version. Raises OSError and subprocess.SubprocessError."""
    done = subprocess.run(
        [binary, "--version"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        start_new_session=True,  # Ctrl-C is for us
    )
    return done.stdout


class Part(ABC):
    """Used as a context manager. Whoever holds it has a shared lock on `<name>.users`, which the kernel frees
    even after kill -9; so who leaves and then gets that lock alone was the last one, and stops the server.
    A server whose users were all killed is found by the next start through its pid file and adopted."""

    name: str
    variable: str
    unfit = "It is not made for this processor."
    """What to say where the processor does not know an instruction of it."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.other_ports: dict[str, int] = {}
        """Ports it serves on besides, by the variable that sets each."""
        self.started_here = False
        self.process: psutil.Process | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that serves on `host` and `port` in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server is up and takes requests."""

    def provision(self) -> None:  # noqa: B027  (most parts need none)
        """What must be done before the first use; it may be done again."""

    @property
    def log(self) -> Path:
        """Where the server's output goes."""
        return state.folder() / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return state.folder() / f"{self.name}{PID_SUFFIX}"

    def __enter__(self) -> Self:
        with state.locked(self.name):
            self._users = (state.folder() / f"{self.name}.users").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                self.process = self._running()
                if self.process is None:
                    with interruption.shielded():
                        self._start()
            except BaseException:
                with interruption.shielded():
                    self._leave()
                raise
        return self

    def wait(self) -> Self:
        """Wait until the server can be used. Apart from entering, so that several start at the same time."""
        with state.locked(self.name):
            self._await_answer()
            self.provision()
        return self

    def __exit__(self, *_: object) -> None:
        with interruption.shielded(), state.locked(self.name):
            self._leave()

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process is not None and runs(self.process)

    def refresh(self) -> bool:
        """Whether the server runs, be it another process that another run has started since."""
        if not self.alive():
            self.process = self._running()
        return self.alive()

    def revive(self) -> None:
        """Start it again after it has died, unless it was left meanwhile or somebody else has started it."""
        with state.locked(self.name):
            if self._users.closed:
                return
            self.process = self._running()
            if self.process is None:
                self._start()
            self._await_answer()

    def why(self, lines: int = 3) -> str:
        """Why it has ended: in plain words where that is known, else by the end of its log."""
        if self._child and self._child.poll() == -signal.SIGILL:
            return self.unfit
        return no_room() or f"The end of {self.log}:\n{self.last_words(lines)}"

    def last_words(self, lines: int = 8) -> str:
        """The end of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop_leftover(self) -> bool:
        """Stop the server whoever started it; whether there was one."""
        with state.locked(self.name):
            there_is_one = self._running() is not None
            self._stop()
            return there_is_one

    def _running(self) -> psutil.Process | None:
        """The server a former start left."""
        if (found := noted(self._pid_file)) is None:
            return None
        process, known = found
        self.host, self.port, self.other_ports = known["host"], known["port"], known["other_ports"]
        return process

    def _start(self) -> None:
        for variable, port in {self.variable: self.port, **self.other_ports}.items():
            require_free(port, variable, self.host)
        require_usable_state()
        command = self.command()
        with self.log.open("wb") as log:
            # Its own session: Ctrl-C in the terminal is for the run, which then stops its parts in order.
            child = subprocess.Popen(
                command,
                cwd=state.ROOT,
                env=environment.inherited(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.process = psutil.Process(child.pid)
            process = {"pid": child.pid, "arguments": command[1:]}
            address = {"host": self.host, "port": self.port, "other_ports": self.other_ports}
            state.write_private(self._pid_file, json.dumps(process | address))
        except BaseException:
            child.kill()  # nobody would find it
            raise
        self._child, self.started_here = child, True

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if not self.alive():
                raise PartFailed(f"{self.name} ended while starting. {self.why(8)}")
            if time.monotonic() > deadline:
                raise PartFailed(
                    f"{self.name} did not answer on {self.host}:{self.port} within {START_SECONDS:.0f} s. "
                    f"The end of {self.log}:\n{self.last_words()}"
                )
            interruption.obey()
            time.sleep(0.05)

    def _leave(self) -> None:
        try:
            # Upgrading a shared lock is refused at once while another run holds it too.
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            self._stop()
        finally:
            self._users.close()

    def _stop(self) -> None:
        # Not the one that was entered with: it may have died, and another run may have started a new one.
        process = self._running()
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)
        self._pid_file.unlink(missing_ok=True)


def shared_pids() -> set[int]:
    """The process ids of the servers that run."""
    found = [noted(path) for path in state.folder().glob(f"*{PID_SUFFIX}")]
    return {process.pid for process, _ in filter(None, found)}


def noted(pid_file: Path) -> tuple[psutil.Process, dict[str, Any]] | None:
    """The process that a file names, if it runs."""
    try:
        known = json.loads(pid_file.read_text())
        process, arguments = psutil.Process(known["pid"]), known["arguments"]
        # Pids are used again, so its arguments tell whether it is the same. Its time of birth cannot: psutil
        # counts it from the time of the boot, which moves when the machine's clock is set.
        if process.cmdline()[-len(arguments) :] != arguments or not runs(process):
            return None
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return process, known
