"""Share: mails a post to somebody."""

from kit.domain.indexes import INDEXES
from kit.domain.mail import share
from kit.domain.mail.mailer import Mailer
from kit.domain.mail.resource import SHARES
from kit.domain.mail.shares import Shares
from kit.domain.members import counts
from kit.domain.posts.collection import Posts
from kit.mongo.rate_limits import RateLimit
from kit.service import Service, own_database
from kit.settings import LimitSettings, MailSettings
from step2_services.replication import Copy
from step2_services.service_factory import make_service

POSTS = ("title", "url", "permalink")
"""The fields of a post that are in a mail."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("share")
    posts, shares = Posts(database["posts"]), Shares(database["shares"])
    mail = MailSettings.read()
    mailer = Mailer(mail.host, mail.port, mail.sender)
    limit = RateLimit(database.client, database.name, "shares", LimitSettings.read().shares_per_minute)
    return make_service(
        "share",
        database,
        resources={"shares": SHARES},
        indexes={"shares": INDEXES["shares"]},
        copies={"posts": Copy(posts.collection, POSTS)},
        verbs=(
            share.make_blueprint(posts, shares, limit, mailer),
            counts.make_blueprint(lambda reader: {"shares": shares.count(reader)}),
        ),
        parts={"smtp": mailer.is_available},
        optional=frozenset({"smtp"}),
    )
