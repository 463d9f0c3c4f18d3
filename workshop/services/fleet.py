"""Keeps the instances of a running step's services in the desired state."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workshop import state
from workshop.ports import free_port, owner_of, require_free
from workshop.processes.supervisor import Supervisor
from workshop.services import state_files
from workshop.services.instance import Instance
from workshop.services.manifest import Service
from workshop.services.state_files import (
    AllEndpoints,
    DesiredState,
    DesiredVersion,
    Endpoints,
    InstanceStatus,
)
from workshop.steps import Process, Step

DRAIN_SECONDS = 1.0
"""How long requests may still reach an instance after it was taken off the list."""

LISTEN = "LISTEN_FD"
"""The variable by which an instance of the face gets the file descriptor of the socket for clients."""

Render = Callable[[Process], tuple[list[str], dict[str, str]]]
"""A function that returns the command line and the environment of a process."""


class Fleet:
    """Starts instances that are missing, lists those that are ready, and stops those that are too many."""

    def __init__(self, step: Step, supervisor: Supervisor, render: Render, face: int | None = None) -> None:
        self._step, self._supervisor, self._render, self._face = step, supervisor, render, face
        self.is_starting = True
        """Whether the step is about to start its first instances."""

        self._instances: dict[str, Instance] = {}
        self._endpoints: AllEndpoints | None = None
        self._statuses: list[InstanceStatus] | None = None

    def reconcile(self) -> None:
        """Bring the instances one step closer to the desired state."""
        desired = state_files.read_desired(self._step.number)
        names = {name for service in desired for name in self._start_missing(service, desired[service])}
        for instance in self._instances.values():
            if instance.name not in names:
                instance.remove()
        self._write_endpoints(desired)
        self._stop_removed()
        self._write_statuses()

    def not_live(self) -> list[str]:
        """Return the instances that have not responded yet."""
        return [each.name for each in list(self._instances.values()) if not each.live]

    def not_ready(self) -> list[str]:
        """Return the instances that respond but are not ready, each with the parts that are missing."""
        filling = [each for each in list(self._instances.values()) if each.filling]
        return [f"{each.name} ({each.not_ready or 'no response'})" for each in filling]

    def names(self) -> list[str]:
        """Return the names of the instances that are not to stop."""
        return [each.name for each in list(self._instances.values()) if each.removed_at is None]

    def _start_missing(self, service: str, versions: dict[str, DesiredVersion]) -> list[str]:
        """Start the instances of a service that do not exist. Return the names of all it is to have."""
        described = self._step.services[service]
        names = []
        for version, desired in versions.items():
            for number in desired.numbers:
                names.append(described.instance(version, number))
                # An instance of the same name that is about to stop has to stop first.
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
        command, env = self._render(Process(name, template.command, template.env, own))
        self._supervisor.add(name, command, env, self._step.restart, sockets)
        self._instances[name] = instance

    def _port(self, service: Service, version: str, number: int) -> int:
        """Return the service's own port for its first instance, else a free one.

        If the own port is taken, raise PortTaken while the step starts; later choose another and log that.
        """
        host = self._step.host
        if not service.is_first(version, number):
            return free_port(host)
        if self.is_starting:
            require_free(service.port, service.variable, host)
        elif owner := owner_of(service.port, host):
            port = free_port(host)
            self._supervisor.log(f"{service.name} gets port {port}: {service.port} is taken by {owner}")
            return port
        return service.port

    def _write_endpoints(self, desired: DesiredState) -> None:
        endpoints = {
            service: {
                version: self._endpoints_of(service, version, each) for version, each in versions.items()
            }
            for service, versions in desired.items()
        }
        if endpoints != self._endpoints:
            state_files.write_endpoints(self._step.number, endpoints)
            self._endpoints = endpoints

    def _endpoints_of(self, service: str, version: str, desired: DesiredVersion) -> Endpoints:
        own = [i for i in self._instances.values() if (i.service, i.version) == (service, version)]
        # Read each instance once, as it may become ready at any moment.
        found = [(each.url, each.listed, each.filling) for each in own]
        ready = [url for url, is_listed, _ in found if is_listed]
        filling = [url for url, is_listed, is_filling in found if is_filling and not is_listed]
        return Endpoints(desired.share, ready, filling)

    def _stop_removed(self) -> None:
        now = time.monotonic()
        for instance in list(self._instances.values()):
            if instance.removed_at is not None and now - instance.removed_at > DRAIN_SECONDS:
                self._supervisor.remove(instance.name)
                if not self._supervisor.has(instance.name):
                    del self._instances[instance.name]

    def _write_statuses(self) -> None:
        statuses = [self._status(each) for each in self._instances.values()]
        if statuses != self._statuses:
            state_files.write_instances(self._step.number, statuses)
            self._statuses = statuses

    def _status(self, each: Instance) -> InstanceStatus:
        pid = self._supervisor.pid(each.name)
        if each.removed_at is not None:
            now = "stopping"
        elif not each.live:
            now = "starting"
        elif not each.ready:
            now = "filling"
        else:
            now = "up" if pid else "restarting"
        return InstanceStatus(each.name, each.service, each.version, each.url, pid, now)


@contextmanager
def fleet(step: Step, supervisor: Supervisor, render: Render, face: int | None = None) -> Iterator[Fleet]:
    """Yield a fleet that starts as the manifest says, with one instance of each version.

    `face` is the file descriptor of the socket that instances of the face share.
    """
    number = step.number
    with state.locked(f"wanted{number}"):
        desired = {
            name: {version: DesiredVersion(each.share, [1]) for version, each in service.versions.items()}
            for name, service in step.services.items()
        }
        state_files.write_desired(number, desired)
        started = Fleet(step, supervisor, render, face)
        started.reconcile()
    started.is_starting = False
    yield started
