"""The checks that need the packages of the first installation: of servers and ports."""

from workshop.doctor.finding import Finding
from workshop.doctor.mongod import check_mongod
from workshop.doctor.nats import check_nats_server
from workshop.doctor.ports import check_ports


def check_installed() -> list[Finding]:
    """Check MongoDB, NATS and all ports."""
    return [check_mongod(), check_nats_server(), *check_ports()]
