"""Members, their passwords and their tokens."""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from pymongo.errors import DuplicateKeyError

from kit.domain.members.documents import MEMBER_SCHEMA
from kit.domain.members.passwords import fits, hashed
from kit.domain.posts.documents import iso
from kit.http.problems import NotFound, Taken, WrongCredentials
from kit.mongo.client import translated
from kit.mongo.rate_limits import RateLimit
from kit.mongo.skipped import without_invalid
from step0_monolith.mongo.marks import MarksPart
from step0_monolith.store import Profile, Reader, Session


class MembersPart(MarksPart):
    """The members' part of the store. Tokens are random; only their hashes are kept."""

    failed_sign_ins: RateLimit
    token_lifetime: timedelta

    @translated
    def sign_up(self, username: str, password: str, email: str | None) -> None:
        """See Store."""
        member = {
            "_id": username,
            "password": hashed(password),
            "email": email,
            "created": datetime.now(UTC),
        }
        try:
            self.database["members"].insert_one(member)
        except DuplicateKeyError:
            raise Taken(username) from None

    @translated
    def sign_in(self, username: str, password: str, address: str) -> Session:
        """See Store."""
        self.failed_sign_ins.check(address)
        member = self.database["members"].find_one({"_id": username}) or {}
        if not fits(member.get("password"), password):
            self.failed_sign_ins.count(address)
            raise WrongCredentials("Username and password do not belong together.")
        token = secrets.token_urlsafe(32)
        expires = datetime.now(UTC) + self.token_lifetime
        self.database["tokens"].insert_one({"_id": _digest(token), "reader": username, "expires": expires})
        return Session(token, iso(expires))

    @translated
    def sign_out(self, reader: Reader) -> None:
        """See Store."""
        self.database["tokens"].delete_one({"_id": _digest(reader.token)})

    @translated
    def authenticate(self, token: str) -> Reader | None:
        """See Store."""
        # MongoDB removes ended tokens once a minute only.
        living = {"_id": _digest(token), "expires": {"$gt": datetime.now(UTC)}}
        found = self.database["tokens"].find_one(living)
        return Reader(found["reader"], token) if found else None

    @translated
    def profile(self, reader: Reader) -> Profile:
        """See Store."""
        found = self.database["members"].find_one({"_id": reader.username})
        member = next(
            iter(without_invalid([found] if found else [], "members", MEMBER_SCHEMA.find_problem)), None
        )
        if member is None:
            raise NotFound("This member has left.")
        return Profile(
            username=reader.username,
            email=member.get("email"),
            created=iso(member["created"]),
            counts={
                **self.marks.counts(reader.username),
                "shares": self.shares.count(reader.username),
            },
        )


def _digest(token: str) -> str:
    return sha256(token.encode(errors="surrogatepass")).hexdigest()
