"""Settings, read from the environment when asked for; defaults fit one machine."""

import os


def get_mongodb_uri() -> str:
    """The address of the process's own database, credentials and name included. Raises RuntimeError for one
    that names no database.
    """
    from kit.mongo.uri import database_of  # noqa: PLC0415 - only who has a database needs pymongo

    uri = os.environ.get("MONGODB_URI", "mongodb://127.0.0.1:27017/monolith?replicaSet=rs0")
    database_of(uri)
    return uri


def get_services_file() -> str:
    """The file that tells where instances of services are; see `kit.clients.discovery`."""
    return os.environ.get("SERVICES_FILE", "services.json")


def get_version() -> str:
    """Which version of a service this process is."""
    return os.environ.get("VERSION", "v1")


def get_instance() -> str:
    """Which of a service's processes this one is."""
    return os.environ.get("INSTANCE", "")


def get_token_key() -> str:
    """The key that tokens are signed with: 32 random bytes as base64url. Raises RuntimeError without one."""
    try:
        return os.environ["TOKEN_KEY"]
    except KeyError:
        raise RuntimeError("Set TOKEN_KEY to 32 random bytes as base64url; `make run` does so.") from None


def get_face_secret() -> str:
    """What proves that a request comes from the web face, whose word on client addresses then counts."""
    return os.environ.get("FACE_SECRET", "")


def get_trusted_proxies() -> str:
    """Addresses and networks of reverse proxies whose word counts on clients' addresses and on TLS."""
    return os.environ.get("TRUSTED_PROXIES", "")


def get_smtp_address() -> tuple[str, int]:
    """Host and port of the mail server."""
    return os.environ.get("SMTP_HOST") or "127.0.0.1", _number("SMTP_PORT", 1025)


def get_sender() -> str:
    """Who shared posts come from."""
    return os.environ.get("MAIL_FROM", "Stepping Stones <stones@example.org>")


def get_secret_key() -> str:
    """The key that CSRF tokens are signed with. Raises RuntimeError when none is set."""
    try:
        return os.environ["SECRET_KEY"]
    except KeyError:
        raise RuntimeError("Set SECRET_KEY to a long random text; `make run` does so by itself.") from None


def get_session_cookie() -> str:
    """The name of the cookie that a browser's session is kept by. Cookies are shared by all ports of a host,
    so steps that run side by side need names of their own.
    """
    return os.environ.get("SESSION_COOKIE", "session")


def get_token_lifetime() -> int:
    """Seconds a bearer token and a session live."""
    return _number("TOKEN_LIFETIME", 3600)


def get_password_memory() -> int:
    """KiB of memory that hashing a password takes; more makes guessing, and signing in, dearer."""
    return _number("PASSWORD_MEMORY_KIB", 65536)


def get_failed_sign_ins_per_minute() -> int:
    """Failed sign-ins allowed to one address a minute."""
    return _number("FAILED_SIGN_INS_PER_MINUTE", 30)


def get_shares_per_minute() -> int:
    """Shares allowed to one reader a minute."""
    return _number("SHARES_PER_MINUTE", 30)


def get_image_max_bytes() -> int:
    """The largest picture that is fetched."""
    return _number("IMAGE_MAX_BYTES", 2 * 1024 * 1024)


def get_image_allowed_hosts() -> frozenset[str]:
    """`host:port` pairs that may be fetched from although their addresses are private."""
    return frozenset(filter(None, os.environ.get("IMAGE_ALLOWED_HOSTS", "").split(",")))


def check_numbers() -> None:
    """Raise RuntimeError where a variable should be a whole number and is none."""
    get_smtp_address()
    get_token_lifetime()
    get_password_memory()
    get_failed_sign_ins_per_minute()
    get_shares_per_minute()
    get_image_max_bytes()


def _number(variable: str, default: int) -> int:
    """The whole number that a variable is set to. Raises RuntimeError when it is something else."""
    text = os.environ.get(variable) or str(default)
    try:
        return int(text)
    except ValueError:
        raise RuntimeError(f"Set {variable} to a whole number; {text!r} is none.") from None
