"""A server that several runs share: the first that needs it starts it, and the last that leaves stops it."""

import fcntl
import json
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import click
import psutil

from workshop import environment, signals, state
from workshop.file_errors import low_disk_space, require_usable_state
from workshop.ports import require_free
from workshop.processes.exits import is_running

PID_SUFFIX = ".pid.json"
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class ServerFailed(click.ClickException):
    """A server did not start. The message contains the end of its log."""


def version_text(binary: Path) -> str:
    """Return what a server's program prints for --version. Raises OSError and subprocess.SubprocessError."""
    done = subprocess.run(
        [binary, "--version"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        start_new_session=True,  # Ctrl-C is for the run only
    )
    return done.stdout


class SharedServer(ABC):
    """A server as a context manager, shared through lock files.

    Every user of the server holds a shared lock on `<name>.users`, which the kernel frees even after kill -9.
    A user that leaves tries to get the exclusive lock. If it gets it, it was the last user, and stops the
    server. If all users were killed, the next start finds the server through its pid file and adopts it.
    """

    name: str
    variable: str
    unsupported = "It is not made for this processor."
    """The message for a processor that lacks an instruction of this server."""

    settings: ClassVar[Mapping[str, str]] = {}
    """Variables of its own environment."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.other_ports: dict[str, int] = {}
        """Its other ports, by the variable that sets each."""
        self.started_here = False
        self.process: psutil.Process | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line that serves on `host` and `port` in the foreground."""

    @abstractmethod
    def is_responding(self) -> bool:
        """Return whether the server accepts requests."""

    def provision(self) -> None:  # noqa: B027  (most parts need none)
        """Prepare the server for its first use. May be called again."""

    @property
    def log(self) -> Path:
        """The file with the server's output."""
        return state.folder() / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return state.folder() / f"{self.name}{PID_SUFFIX}"

    def __enter__(self) -> Self:
        with state.locked(self.name):
            self._users_lock = (state.folder() / f"{self.name}.users").open("w")
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)
            try:
                self.process = self._find_running()
                if self.process is None:
                    with signals.shielded():
                        self._start()
            except BaseException:
                with signals.shielded():
                    self._release()
                raise
        return self

    def wait(self) -> Self:
        """Wait until the server can be used. Separate from entering, so that several can start at the same
        time.
        """
        with state.locked(self.name):
            self._await_response()
            self.provision()
        return self

    def __exit__(self, *_: object) -> None:
        with signals.shielded(), state.locked(self.name):
            self._release()

    def is_alive(self) -> bool:
        """Return whether the process still runs."""
        return self.process is not None and is_running(self.process)

    def find_alive(self) -> bool:
        """Return whether the server runs. It may be another process, which another run has started since."""
        if not self.is_alive():
            self.process = self._find_running()
        return self.is_alive()

    def restart(self) -> None:
        """Start the server again after it has died, unless this run has left it or another has started it."""
        with state.locked(self.name):
            if self._users_lock.closed:
                return
            self.process = self._find_running()
            if self.process is None:
                self._start()
            self._await_response()

    def failure_reason(self, lines: int = 3) -> str:
        """Return why it has ended: in plain words where that is known, else the end of its log."""
        if self._child and self._child.poll() == -signal.SIGILL:
            return self.unsupported
        return low_disk_space() or f"The end of {self.log}:\n{self.log_end(lines)}"

    def log_end(self, lines: int = 8) -> str:
        """Return the end of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def force_stop(self) -> bool:
        """Stop the server, whoever started it. Return whether it was running."""
        with state.locked(self.name):
            was_running = self._find_running() is not None
            self._stop()
            return was_running

    def _find_running(self) -> psutil.Process | None:
        """Return the server that an earlier start left running."""
        if (found := read_pid_file(self._pid_file)) is None:
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
            # Its own session: Ctrl-C in the terminal reaches only the run, which stops its servers in order.
            child = subprocess.Popen(
                command,
                cwd=state.ROOT,
                env={**environment.inherited(), **self.settings},
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
            child.kill()  # without a pid file no other run would find it
            raise
        self._child, self.started_here = child, True

    def _await_response(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_responding():
            if not self.is_alive():
                raise ServerFailed(f"{self.name} ended while starting. {self.failure_reason(8)}")
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"{self.name} did not respond on {self.host}:{self.port} within {START_SECONDS:.0f} s. "
                    f"The end of {self.log}:\n{self.log_end()}"
                )
            signals.check()
            time.sleep(0.05)

    def _release(self) -> None:
        try:
            # Upgrading a shared lock is refused at once while another run holds it too.
            fcntl.flock(self._users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            self._stop()
        finally:
            self._users_lock.close()

    def _stop(self) -> None:
        # Not self.process: it may have died, and another run may have started a new one.
        process = self._find_running()
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)
        self._pid_file.unlink(missing_ok=True)


def shared_server_pids() -> set[int]:
    """Return the process ids of the servers that run."""
    found = [read_pid_file(path) for path in state.folder().glob(f"*{PID_SUFFIX}")]
    return {process.pid for process, _ in filter(None, found)}


def read_pid_file(pid_file: Path) -> tuple[psutil.Process, dict[str, Any]] | None:
    """Return the process that a pid file names and the file's content, or None if that process has ended."""
    try:
        known = json.loads(pid_file.read_text())
        process, arguments = psutil.Process(known["pid"]), known["arguments"]
        # The system uses pids again, so compare the arguments. The start time does not help: psutil counts it
        # from the time of the boot, which moves when the machine's clock is set.
        if process.cmdline()[-len(arguments) :] != arguments or not is_running(process):
            return None
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return process, known
