"""A hardened, fast Eve application.

`create_service(definition)` makes one from the modules beside this one.
"""

from kit.service.application import Service
from kit.service.create import create_service, own_database, set_home
from kit.service.definition import ServiceDefinition

__all__ = ["Service", "ServiceDefinition", "create_service", "own_database", "set_home"]
