"""The parts that the verbs work with, made once for each process."""

from dataclasses import dataclass
from datetime import timedelta

from kit.domain.mail.mailer import Mailer
from kit.domain.mail.shares import Shares
from kit.domain.marks.collection import Marks
from kit.domain.members.revocations import Revocations
from kit.domain.pictures.cache import ImageCache, Images
from kit.domain.pictures.fetch import Fetcher
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import POST_SCHEMA, STAMPS
from kit.mongo.client import Client, connect
from kit.mongo.rate_limits import RateLimit
from kit.settings import DatabaseSettings, LimitSettings, MailSettings, PictureSettings, TokenSettings
from kit.tokens import ISSUER, Issuer


@dataclass(frozen=True)
class Parts:
    """The database's collections by their meaning, the mail server, and the issuer of tokens."""

    client: Client
    posts: Posts
    marks: Marks
    images: Images
    failed_sign_ins: RateLimit
    shares: Shares
    share_limit: RateLimit
    revocations: Revocations
    mailer: Mailer
    issuer: Issuer


def make_parts() -> Parts:
    """Make the parts from the settings in the environment."""
    mail, pictures, limits = MailSettings.read(), PictureSettings.read(), LimitSettings.read()
    client = connect(DatabaseSettings.read().uri)
    database = client.get_default_database()
    return Parts(
        client=client,
        posts=Posts(database["posts"], *STAMPS, find_problem=POST_SCHEMA.find_problem),
        marks=Marks(database["marks"]),
        images=Images(ImageCache(database), Fetcher(pictures.max_bytes, pictures.allowed_hosts)),
        failed_sign_ins=RateLimit(
            client, database.name, "failed sign-ins", limits.failed_sign_ins_per_minute
        ),
        shares=Shares(database["shares"]),
        share_limit=RateLimit(client, database.name, "shares", limits.shares_per_minute),
        revocations=Revocations(database["revoked"]),
        mailer=Mailer(mail.host, mail.port, mail.sender),
        issuer=Issuer(TokenSettings.read().key, ISSUER, timedelta(seconds=limits.token_lifetime)),
    )
