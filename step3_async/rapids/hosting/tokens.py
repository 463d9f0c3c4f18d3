"""Verify readers' tokens in an instance."""

from kit.clients.rest import Rest
from kit.tokens import ISSUER, RemoteKeys, Verifier
from step3_async.rapids.hosting.settings import HostingSettings
from step3_async.rapids.messages import API


def make_verifier() -> Verifier:
    """Make a verifier with the keys that are published at the gateway."""
    keys = RemoteKeys(Rest(HostingSettings.read().gateway_url + API, "The members service"))
    keys.fetch_ahead()
    return Verifier(keys, ISSUER)
