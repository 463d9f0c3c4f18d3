"""Sync: carries changes from those who own documents to those who keep copies, and tells how far they are."""

from kit import environment
from kit.clients.discovery import Services
from kit.clients.rest import Rest
from kit.mongo.client import accepts_writes
from kit.service import Service, ServiceDefinition, create_service, own_database
from kit.tokens import SYNC, Issuer
from step2_services.sync import settings
from step2_services.sync.feed_client import Owner
from step2_services.sync.relations import RELATIONS
from step2_services.sync.replicator import Carrier
from step2_services.sync.report import Report
from step2_services.sync.tokens import LIFETIME, Tokens
from step2_services.sync.verbs import make_blueprint

FRESH = 0.6
"""How long a batch serves other takers, as a part of the interval."""


def make_app() -> Service:
    """The service, as the environment describes it, at work."""
    database = own_database("sync")
    services = Services(environment.get_services_file())
    issuer = Issuer(settings.get_sync_key(), SYNC, LIFETIME)
    tokens, interval = Tokens(issuer), settings.get_interval()

    def rest(service: str) -> Rest:
        return Rest(services.filler(service), f"The {service} service")

    owners = {
        name: Owner(rest(name), tokens.current, interval * FRESH) for name in {r.owner for r in RELATIONS}
    }
    takers = {name: rest(name) for name in {relation.taker for relation in RELATIONS}}
    carriers = [
        Carrier(relation, owners[relation.owner], takers[relation.taker], tokens, interval)
        for relation in RELATIONS
    ]
    app = create_service(
        ServiceDefinition(
            name="sync",
            title="Sync",
            domain=settings.DOMAIN,
            client=database.client,
            parts={"mongodb": lambda: accepts_writes(database.client)},
            version=environment.get_version(),
            instance=environment.get_instance(),
        )
    )
    report = Report(database["relations"], carriers)
    app.on_fetched_resource_relations += report.add_lags
    app.on_fetched_item_relations += report.add_lag
    app.register_blueprint(make_blueprint(issuer, carriers, settings.get_operator_secret()))
    for thread in (*carriers, report):
        thread.start()
    return app
