"""What the verbs work with, made once a process."""

from dataclasses import dataclass
from datetime import timedelta

from kit import environment
from kit.fetch import Fetcher
from kit.limits import Limit
from kit.mail import Mailer
from kit.model.fit import A_POST
from kit.model.images import ImageCache, Images
from kit.model.marks import Marks
from kit.model.posts import Posts
from kit.model.revocations import Revocations
from kit.model.shares import Shares
from kit.mongo import Client, connect
from kit.tokens import ISSUER, Issuer


@dataclass(frozen=True)
class Parts:
    """The database's collections by their meaning, the mail server, the mint."""

    client: Client
    posts: Posts
    marks: Marks
    images: Images
    failed_sign_ins: Limit
    shares: Shares
    share_limit: Limit
    revocations: Revocations
    mailer: Mailer
    issuer: Issuer


def make_parts() -> Parts:
    """The parts as the environment describes them."""
    client = connect(environment.get_mongodb_uri())
    database = client.get_default_database()
    return Parts(
        client=client,
        posts=Posts(database["posts"], "_created", "_updated", unfit=A_POST.unfit),
        marks=Marks(database["marks"]),
        images=Images(
            ImageCache(database),
            Fetcher(environment.get_image_max_bytes(), environment.get_image_allowed_hosts()),
        ),
        failed_sign_ins=Limit(
            client, database.name, "failed sign-ins", environment.get_failed_sign_ins_per_minute()
        ),
        shares=Shares(database["shares"]),
        share_limit=Limit(client, database.name, "shares", environment.get_shares_per_minute()),
        revocations=Revocations(database["revoked"]),
        mailer=Mailer(*environment.get_smtp_address(), environment.get_sender()),
        issuer=Issuer(
            environment.get_token_key(), ISSUER, timedelta(seconds=environment.get_token_lifetime())
        ),
    )
