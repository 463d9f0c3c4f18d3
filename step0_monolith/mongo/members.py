"""Members in the database, and their passwords."""

from datetime import UTC, datetime

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from kit.domain.members.documents import MEMBER_SCHEMA
from kit.domain.members.passwords import hashed, matches
from kit.http.problems import NameTaken, NotFound, WrongCredentials
from kit.mongo.client import Document, translated
from kit.mongo.rate_limits import RateLimit
from kit.mongo.skipped import without_invalid


class StoredMembers:
    """The members in a collection. `failed_sign_ins` limits how often a password can be guessed."""

    def __init__(self, members: Collection[Document], failed_sign_ins: RateLimit) -> None:
        self._members, self._failed_sign_ins = members, failed_sign_ins

    @translated
    def add(self, username: str, password: str, email: str | None) -> None:
        """Add a member. Raises NameTaken."""
        member = {
            "_id": username,
            "password": hashed(password),
            "email": email,
            "created": datetime.now(UTC),
        }
        try:
            self._members.insert_one(member)
        except DuplicateKeyError:
            raise NameTaken(username) from None

    @translated
    def check_password(self, username: str, password: str, address: str) -> None:
        """Raise WrongCredentials for a wrong password, TooManyRequests after too many of them from
        `address`.
        """
        self._failed_sign_ins.check(address)
        member = self._members.find_one({"_id": username}) or {}
        if not matches(member.get("password"), password):
            self._failed_sign_ins.count(address)
            raise WrongCredentials("Username and password do not belong together.")

    @translated
    def find(self, username: str) -> Document:
        """Find a member. Raises NotFound."""
        found = self._members.find_one({"_id": username})
        for member in without_invalid(
            [found] if found else [], self._members.name, MEMBER_SCHEMA.find_problem
        ):
            known: Document = member
            return known
        raise NotFound("This member has left.")
