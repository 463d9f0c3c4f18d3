"""Three real nats-servers in a cluster, as on three machines."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.step3.nats_server import ADMIN, HOST, NatsServer
from workshop.ports import free_port

SIZE = 3


class NatsCluster:
    """The `servers` of a cluster by name."""

    def __init__(self, folder: Path, users: Mapping[str, dict[str, Any]]) -> None:
        ports = [free_port() for _ in range(SIZE)]
        routes = [f"nats-route://{HOST}:{port}" for port in ports]
        self.servers: dict[str, NatsServer] = {}
        for number, port in enumerate(ports):
            name = f"n{number}"
            (folder / name).mkdir()
            cluster = {"name": "stones", "listen": f"{HOST}:{port}", "routes": routes}
            more = {"server_name": name, "cluster": cluster}
            self.servers[name] = NatsServer(folder / name, users, more)

    def url(self, user: str = ADMIN) -> str:
        """Return the addresses of all servers, with a user's credentials."""
        return ",".join(server.url(user) for server in self.servers.values())


@contextmanager
def nats_cluster(folder: Path, **users: dict[str, Any]) -> Iterator[NatsCluster]:
    """Yield a running cluster that stores its data in `folder`."""
    cluster = NatsCluster(folder, users)
    with ExitStack() as started:
        for server in cluster.servers.values():
            server.start()
            started.callback(server.stop)
        yield cluster
