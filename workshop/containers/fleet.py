"""Keeps the containers of a step's services in the desired state, which `./stones scale` and `versions`
change, and tells those commands how they are.

Who scales with compose itself changes the desired state, too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from workshop import state
from workshop.containers.engine import EXITED, HEALTHY, RUNNING, Container, Engine
from workshop.containers.files import write_services
from workshop.containers.parts import SERVICE_PORT, container_of, parts
from workshop.services import state_files
from workshop.services.registry import read_registry
from workshop.services.state_files import DesiredState, DesiredVersion, Endpoints, InstanceStatus
from workshop.steps import Step

LOCAL = "127.0.0.1"
UP, FILLING, RESTARTING = "up", "filling", "restarting"


class ContainerFleet:
    """The containers of a step's services. The step has at least one."""

    def __init__(self, step: Step, engine: Engine) -> None:
        self._step, self._engine = step, engine
        self._names = {
            container_of(service, version): (service.name, version)
            for service in step.services.values()
            for version in service.versions
        }
        # Not on every machine can its own programs reach the address of a container.
        self._shown = {
            part.name: f"http://{LOCAL}:{step.ports[part.shown]}" for part in parts(step) if part.shown
        }
        self._last: DesiredState = {
            name: {version: DesiredVersion(each.share, [1]) for version, each in service.versions.items()}
            for name, service in step.services.items()
        }
        state_files.write_desired(step.number, self._last)
        state_files.write_endpoints(
            step.number,
            {
                name: {version: Endpoints(each.share, [], []) for version, each in versions.items()}
                for name, versions in self._last.items()
            },
        )

    def initial_scales(self) -> list[str]:
        """Return the options of compose with which all services start as the manifest says."""
        return _scales(dict.fromkeys(self._names, 1))

    def reconcile(self) -> None:
        """Do what a command has changed, or take over what compose has; and write how the containers are."""
        found = self._engine.containers()
        desired = self._take_over(found)
        shares = {name: {v: each.share for v, each in own.items()} for name, own in desired.items()}
        write_services(self._step, shares)
        if self._change(desired, found):
            found = self._engine.containers()
            desired = self._take_over(found)
        self._write(desired, found)

    def _take_over(self, found: Sequence[Container]) -> DesiredState:
        """Return the desired state. If no command has changed how many there are, it is what compose has."""
        number = self._step.number
        with state.locked(f"wanted{number}"):
            desired = state_files.read_desired(number)
            if _sizes(desired) == _sizes(self._last):
                desired = self._as_found(desired, found)
                state_files.write_desired(number, desired)
            self._last = desired
        return desired

    def _change(self, desired: DesiredState, found: Sequence[Container]) -> bool:
        """End containers that are too many, and start those that are missing. Return whether there were any.

        Compose numbers new ones itself, so only how many there are counts.
        """
        numbers = {
            name: desired[service][version].numbers for name, (service, version) in self._names.items()
        }
        extra = [
            each for each in found if each.service in numbers and each.number not in numbers[each.service]
        ]
        for each in extra:
            self._engine.end(each)
        left = Counter(each.service for each in found if each not in extra)
        wanted = {name: len(each) for name, each in numbers.items()}
        is_missing = any(left[name] < count for name, count in wanted.items())
        if is_missing:
            self._engine.call("up", "--detach", "--no-recreate", "--no-build", *_scales(wanted), *wanted)
        return bool(extra) or is_missing

    def _as_found(self, desired: DesiredState, found: Sequence[Container]) -> DesiredState:
        numbers = {name: [each.number for each in found if each.service == name] for name in self._names}
        return {
            service: {
                version: replace(each, numbers=numbers[container_of(self._step.services[service], version)])
                for version, each in versions.items()
            }
            for service, versions in desired.items()
        }

    def _write(self, desired: DesiredState, found: Sequence[Container]) -> None:
        registered = [*(read_registry(self._step) or {})]
        own = {each: self._status(each, registered) for each in found if each.service in self._names}
        endpoints = {
            service: {
                version: Endpoints(each.share, *_urls([*own.values()], service, version))
                for version, each in versions.items()
            }
            for service, versions in desired.items()
        }
        state_files.write_endpoints(self._step.number, endpoints)
        state_files.write_instances(self._step.number, [*own.values()])

    def _status(self, container: Container, registered: Sequence[str]) -> InstanceStatus:
        service, version = self._names[container.service]
        name = next((each for each in registered if container.host in each), f"{service}-{container.host}")
        url = self._shown.get(service) or f"http://{container.address or container.host}:{SERVICE_PORT}"
        if container.status == RUNNING:
            now = UP if container.health in (HEALTHY, "") else FILLING
        else:
            now = container.status if container.status == EXITED else RESTARTING
        return InstanceStatus(name, service, version, url, container.pid, now)


def _urls(statuses: Sequence[InstanceStatus], service: str, version: str) -> tuple[list[str], list[str]]:
    own = [each for each in statuses if (each.service, each.version) == (service, version)]
    return [each.url for each in own if each.state == UP], [each.url for each in own if each.state == FILLING]


def _scales(numbers: dict[str, int]) -> list[str]:
    return [word for name, number in numbers.items() for word in ("--scale", f"{name}={number}")]


def _sizes(desired: DesiredState) -> dict[tuple[str, str], int]:
    return {
        (service, name): len(each.numbers)
        for service, versions in desired.items()
        for name, each in versions.items()
    }
