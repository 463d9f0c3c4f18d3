"""Share: mails a post to somebody."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.mail import share
from kit.domain.mail.mailer import Mailer
from kit.domain.mail.resource import SHARES
from kit.domain.mail.shares import Shares
from kit.domain.members import counts
from kit.domain.posts.collection import Posts
from kit.mongo.indexes import Indexes
from kit.mongo.rate_limits import RateLimit
from kit.service import Service, own_database
from kit.settings import LimitSettings, MailSettings
from step3_async.aggregates.write_log import WriteLog
from step3_async.rapids.hosting.service_factory import make_service
from step3_async.rapids.messages import AnnouncedPath
from step3_async.rapids.pond import Pond

DOMAIN = {"shares": SHARES}

INDEXES: Indexes = {"shares": MODEL["shares"]}

POSTS = ("title", "url", "permalink")
"""The fields of a post that are in a mail."""


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    database = own_database("share")
    posts, shares = Posts(database["posts"]), Shares(WriteLog(database, "shares", "share"))
    mail = MailSettings.read()
    mailer = Mailer(mail.host, mail.port, mail.sender)
    limit = RateLimit(database.client, database.name, "shares", LimitSettings.read().shares_per_minute)
    return make_service(
        "share",
        database,
        tags=("kind:aggregate", "verb:share"),
        resources=DOMAIN,
        indexes=INDEXES,
        paths=(
            AnnouncedPath(template="/posts/{post}/share", face="json", seconds=9.0),
            AnnouncedPath(template="/counts", part=True),
        ),
        owns="shares",
        ponds=(Pond(posts.collection, "posts", POSTS),),
        verbs=[
            share.make_blueprint(posts, shares, limit, mailer),
            counts.make_blueprint(lambda reader: {"shares": shares.count(reader)}),
        ],
        parts={"smtp": mailer.is_available},
        optional=frozenset({"smtp"}),
    )
