"""The instances of a running step's services, kept as they are wanted."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workshop import state
from workshop.ports import free_port, owner_of, require_free
from workshop.processes.supervisor import Supervisor
from workshop.services import files
from workshop.services.files import Place, Running, Want
from workshop.services.instance import Instance
from workshop.services.manifest import Service
from workshop.steps import Process, Step

ON_THEIR_WAY_SECONDS = 1.0
"""How long after it was taken out of the list requests may still reach an instance."""

LISTEN = "LISTEN_FD"
"""Tells an instance of the face which of its file descriptors is the socket that clients connect to."""

Fill = Callable[[Process], tuple[list[str], dict[str, str]]]


class Fleet:
    """Starts what is wanted and missing, lists what answers, and stops what is too many, bit by bit."""

    def __init__(self, step: Step, supervisor: Supervisor, fill: Fill, face: int | None = None) -> None:
        self._step, self._supervisor, self._fill, self._face = step, supervisor, fill, face
        self.begins = True
        """Whether the step is yet to have its first instances."""

        self._instances: dict[str, Instance] = {}
        self._told: files.Found | None = None
        self._said: list[Running] | None = None

    def look_after(self) -> None:
        """One round."""
        wanted = files.read_wanted(self._step.number)
        names = {name for service in wanted for name in self._start_missing(service, wanted[service])}
        for instance in self._instances.values():
            if instance.name not in names:
                instance.leave()
        self._tell(wanted)
        self._stop_those_that_left()
        self._say()

    def silent(self) -> list[str]:
        """The instances that have not answered yet."""
        return [each.name for each in list(self._instances.values()) if not each.live]

    def unready(self) -> list[str]:
        """The instances that answer and are not ready, each with what it lacks."""
        filling = [each for each in list(self._instances.values()) if each.filling]
        return [f"{each.name} ({each.lacks or 'no answer'})" for each in filling]

    def names(self) -> list[str]:
        """The instances that are to stay."""
        return [each.name for each in list(self._instances.values()) if each.left is None]

    def _start_missing(self, service: str, versions: dict[str, Want]) -> list[str]:
        described = self._step.services[service]
        names = []
        for version, want in versions.items():
            for number in want.numbers:
                names.append(described.instance(version, number))
                # One that is about to go goes first.
                if names[-1] not in self._instances:
                    self._start(service, version, number)
        return names

    def _start(self, service: str, version: str, number: int) -> None:
        described = self._step.services[service]
        name, host = described.instance(version, number), self._step.host
        port = self._port(described, version, number)
        instance = Instance(name, service, version, host, port)
        own = {"PORT": str(port), "INSTANCE": name, "VERSION": version, "OWN_URL": instance.url}
        sockets = [self._face] if described.is_face and self._face is not None else []
        if sockets:
            own[LISTEN] = str(self._face)
        template = described.versions[version]
        command, env = self._fill(Process(name, template.command, template.env, own))
        self._supervisor.add(name, command, env, self._step.restart, sockets)
        self._instances[name] = instance

    def _port(self, service: Service, version: str, number: int) -> int:
        """The service's own port for its first instance, else a free one. Raises PortTaken when the step
        begins and the own one is taken; later the instance goes elsewhere and that is told.
        """
        host = self._step.host
        if not service.is_first(version, number):
            return free_port(host)
        if self.begins:
            require_free(service.port, service.variable, host)
        elif owner := owner_of(service.port, host):
            port = free_port(host)
            self._supervisor.say(f"{service.name} goes to port {port}: {service.port} is taken by {owner}")
            return port
        return service.port

    def _tell(self, wanted: files.Wanted) -> None:
        found = {
            service: {version: self._place(service, version, want) for version, want in versions.items()}
            for service, versions in wanted.items()
        }
        if found != self._told:
            files.write_services(self._step.number, found)
            self._told = found

    def _place(self, service: str, version: str, want: Want) -> Place:
        there = [i for i in self._instances.values() if (i.service, i.version) == (service, version)]
        # Each is looked at once, as it may become ready at any moment.
        told = [(each.url, each.listed, each.filling) for each in there]
        ready = [url for url, is_ready, _ in told if is_ready]
        return Place(want.share, ready, [url for url, is_ready, fills in told if fills and not is_ready])

    def _stop_those_that_left(self) -> None:
        now = time.monotonic()
        for instance in list(self._instances.values()):
            if instance.left is not None and now - instance.left > ON_THEIR_WAY_SECONDS:
                self._supervisor.remove(instance.name)
                if not self._supervisor.has(instance.name):
                    del self._instances[instance.name]

    def _say(self) -> None:
        said = [self._running(each) for each in self._instances.values()]
        if said != self._said:
            files.write_instances(self._step.number, said)
            self._said = said

    def _running(self, each: Instance) -> Running:
        pid = self._supervisor.pid(each.name)
        if each.left is not None:
            now = "stopping"
        elif not each.live:
            now = "starting"
        elif not each.ready:
            now = "filling"
        else:
            now = "up" if pid else "restarting"
        return Running(each.name, each.service, each.version, each.url, pid, now)


@contextmanager
def fleet(step: Step, supervisor: Supervisor, fill: Fill, face: int | None = None) -> Iterator[Fleet]:
    """A fleet that begins as the manifest says: one instance of each version. `face` is the file descriptor
    of the socket that instances share.
    """
    number = step.number
    with state.locked(f"wanted{number}"):
        wanted = {
            name: {version: Want(each.share, [1]) for version, each in service.versions.items()}
            for name, service in step.services.items()
        }
        files.write_wanted(number, wanted)
        made = Fleet(step, supervisor, fill, face)
        made.look_after()
    made.begins = False
    yield made
