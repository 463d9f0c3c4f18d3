"""The client of the services, for the gateway and the web face.

It finds the service of a path in the registry, chooses an instance, calls it within the time that is left,
and composes the responses to which several services contribute.
"""

from step3_async.client.client import ServiceClient, open_client

__all__ = ["ServiceClient", "open_client"]
