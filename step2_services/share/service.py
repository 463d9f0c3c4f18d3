"""Share: mails a post to somebody."""

from kit import environment
from kit.changes import Copy
from kit.domain.mail import share
from kit.domain.mail.mailer import Mailer
from kit.domain.mail.shares import Shares
from kit.domain.marks import counts
from kit.domain.posts.collection import Posts
from kit.mongo.rate_limits import Limit
from kit.service import Service
from kit.single import Single, make_service, own_database
from step2_services.share import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("share")
    posts, shares = Posts(database["posts"]), Shares(database["shares"])
    mailer = Mailer(*environment.get_smtp_address(), environment.get_sender())
    limit = Limit(database.client, database.name, "shares", environment.get_shares_per_minute())
    return make_service(
        Single(
            name="share",
            title="Share",
            database=database,
            domain=settings.DOMAIN,
            indexes=settings.INDEXES,
            takes={"posts": Copy(posts.collection, settings.POSTS)},
            parts={"smtp": mailer.answers},
            optional=frozenset({"smtp"}),
        ),
        share.make_blueprint(posts, shares, limit, mailer),
        counts.make_blueprint(lambda reader: {"shares": shares.count(reader)}),
    )
