"""Settings: the environment variables that the application reads, a class for each part.

Defaults fit one machine. Nothing is read before `read` is called. A variable that is set to nothing
counts as not set.
"""

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

SECRETS = Path("/run/secrets")
"""Where containers have secrets, in files with the names of variables."""

MONGODB_URI = "mongodb://127.0.0.1:27017/monolith?replicaSet=rs0"


def is_given(variable: str) -> bool:
    """Return whether a variable, or a file with its name among the secrets, is there and not empty."""
    if os.environ.get(variable):
        return True
    file = SECRETS / variable
    return file.is_file() and file.stat().st_size > 0


class Settings(BaseSettings):
    """The base of all settings: variables that are read together. The alias of a field is its variable."""

    model_config = SettingsConfigDict(case_sensitive=True, env_ignore_empty=True, extra="ignore", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take variables, and where containers have secrets, files with the names of variables."""
        if SECRETS.is_dir():
            return env_settings, SecretsSettingsSource(settings_cls, secrets_dir=SECRETS)
        return (env_settings,)

    @classmethod
    def read(cls) -> Self:
        """Read the variables. Raises RuntimeError, with a text for people, if one is missing or invalid."""
        try:
            return cls()
        except ValidationError as error:
            raise RuntimeError(" ".join(cls._explain(each) for each in error.errors())) from None

    @classmethod
    def _explain(cls, problem: ErrorDetails) -> str:
        variable = str(problem["loc"][0])
        if problem["type"] == "missing":
            fields = cls.model_fields.values()
            return f"Set {variable} to {next(each.description for each in fields if each.alias == variable)}"
        return f"Set {variable} to {str(problem['msg']).removeprefix('Value error, ')}"


def _whole_number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise ValueError(f"a whole number; {value!r} is none.") from None


def _split(value: object) -> frozenset[str]:
    return frozenset(filter(None, str(value).split(",")))


def _naming_a_database(uri: str) -> str:
    from kit.mongo.uri import database_of  # noqa: PLC0415 - only who has a database needs pymongo

    database_of(uri)
    return uri


WholeNumber = Annotated[int, BeforeValidator(_whole_number)]


class DatabaseSettings(Settings):
    """The address of the process's own database, credentials and name included."""

    uri: Annotated[str, AfterValidator(_naming_a_database)] = Field(MONGODB_URI, alias="MONGODB_URI")


class ServiceSettings(Settings):
    """The version and instance of this service, and the file with the addresses of other services."""

    version: str = Field("v1", alias="VERSION")
    instance: str = Field("", alias="INSTANCE")
    services_file: str = Field("services.json", alias="SERVICES_FILE")


class TokenSettings(Settings):
    """The key that tokens are signed with."""

    key: str = Field(alias="TOKEN_KEY", description="32 random bytes as base64url; `make run` does so.")


class SessionSettings(Settings):
    """The key that CSRF tokens are signed with, and the name of the session's cookie.

    Cookies are shared by all ports of a host, so steps that run side by side need names of their own.
    """

    secret_key: str = Field(
        alias="SECRET_KEY", description="a long random text; `make run` does so by itself."
    )
    cookie: str = Field("session", alias="SESSION_COOKIE")


class TrustSettings(Settings):
    """The proxies and the secret to trust for the origin of requests; see `kit.http.proxies`."""

    face_secret: str = Field("", alias="FACE_SECRET")
    proxies: str = Field("", alias="TRUSTED_PROXIES")


class MailSettings(Settings):
    """The mail server, and the sender of shared posts."""

    host: str = Field("127.0.0.1", alias="SMTP_HOST")
    port: WholeNumber = Field(1025, alias="SMTP_PORT")
    sender: str = Field("Stepping Stones <stones@example.org>", alias="MAIL_FROM")


class PictureSettings(Settings):
    """The largest size of pictures, and `host:port` pairs that are allowed although they are private."""

    max_bytes: WholeNumber = Field(2 * 1024 * 1024, alias="IMAGE_MAX_BYTES")
    allowed_hosts: Annotated[frozenset[str], NoDecode, BeforeValidator(_split)] = Field(
        frozenset(), alias="IMAGE_ALLOWED_HOSTS"
    )


class LimitSettings(Settings):
    """How long tokens and sessions live, in seconds; how often one address or reader may do something; and
    the cost of a password's hash.

    More memory, in KiB, makes it more expensive to guess a password, and to sign in.
    """

    token_lifetime: WholeNumber = Field(3600, alias="TOKEN_LIFETIME")
    failed_sign_ins_per_minute: WholeNumber = Field(30, alias="FAILED_SIGN_INS_PER_MINUTE")
    shares_per_minute: WholeNumber = Field(30, alias="SHARES_PER_MINUTE")
    password_memory_kib: WholeNumber = Field(65536, alias="PASSWORD_MEMORY_KIB")
