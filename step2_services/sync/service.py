"""Sync: carries changes from the owners of documents to the takers of copies, and reports the progress."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from kit.clients.discovery import Services
from kit.clients.rest import Rest
from kit.mongo.client import accepts_writes
from kit.service import Service, ServiceDefinition, create_service, own_database
from kit.settings import ServiceSettings, Settings
from kit.tokens import SYNC, Issuer
from step2_services.sync.feed_client import FeedClient
from step2_services.sync.relations import RELATIONS
from step2_services.sync.replicator import Replicator
from step2_services.sync.report import RESOURCE, Report
from step2_services.sync.tokens import LIFETIME, Tokens
from step2_services.sync.verbs import make_blueprint

FRESH = 0.6
"""For which part of the interval a batch is kept for other takers."""


def _seconds(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise ValueError(f"a number of seconds; {value!r} is none.") from None


class SyncSettings(Settings):
    """Seconds between two rounds; the key of sync's own tokens; and the secrets that requests of an operator
    and of the web face must have.
    """

    interval: Annotated[float, BeforeValidator(_seconds)] = Field(0.5, alias="SYNC_INTERVAL")
    key: str = Field(alias="SYNC_KEY", description="32 random bytes as base64url; `make run` does so.")
    operator_secret: str = Field("", alias="OPERATOR_SECRET")
    replication_secret: str = Field("", alias="REPLICATION_SECRET")


def make_app() -> Service:
    """Make the service, from the settings in the environment, and start its work."""
    database = own_database("sync")
    process, settings = ServiceSettings.read(), SyncSettings.read()
    services = Services(process.services_file)
    issuer = Issuer(settings.key, SYNC, LIFETIME)
    tokens = Tokens(issuer)

    def client(service: str) -> Rest:
        return Rest(services.finder_with_filling(service), f"The {service} service")

    feeds = {
        owner: FeedClient(client(owner), tokens.current, settings.interval * FRESH)
        for owner in {relation.owner for relation in RELATIONS}
    }
    takers = {taker: client(taker) for taker in {relation.taker for relation in RELATIONS}}
    replicators = [
        Replicator(relation, feeds[relation.owner], takers[relation.taker], tokens, settings.interval)
        for relation in RELATIONS
    ]
    app = create_service(
        ServiceDefinition(
            name="sync",
            title="Sync",
            domain={"relations": RESOURCE},
            client=database.client,
            parts={"mongodb": lambda: accepts_writes(database.client)},
            version=process.version,
            instance=process.instance,
        )
    )
    report = Report(database["relations"], replicators)
    app.on_fetched_resource_relations += report.add_lags
    app.on_fetched_item_relations += report.add_lag
    app.register_blueprint(
        make_blueprint(issuer, replicators, settings.operator_secret, settings.replication_secret)
    )
    for thread in (*replicators, report):
        thread.start()
    return app
