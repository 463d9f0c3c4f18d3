"""A hardened, fast Eve application.

`create_service(settings)` makes one; the modules beside this one are what it is made of.
"""

from kit.service.application import Service
from kit.service.create import create_service
from kit.service.settings import Settings

__all__ = ["Service", "Settings", "create_service"]
