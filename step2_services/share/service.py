"""Share: mails a post to somebody."""

from kit import environment
from kit.changes import Copy
from kit.limits import Limit
from kit.mail import Mailer
from kit.model.posts import Posts
from kit.model.shares import Shares
from kit.service import Service
from kit.single import Single, own_database, single_service
from kit.verbs import counts, share
from step2_services.share import settings


def make_app() -> Service:
    """The service, as the environment describes it."""
    database = own_database("share")
    posts, shares = Posts(database["posts"]), Shares(database["shares"])
    mailer = Mailer(*environment.get_smtp_address(), environment.get_sender())
    limit = Limit(database.client, database.name, "shares", environment.get_shares_per_minute())
    return single_service(
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
