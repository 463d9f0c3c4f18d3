"""Step 1's own settings, read from the environment when asked for; others are in `kit.environment`."""

import os

ISSUER = "stepping-stones"
"""Who vouches for a token."""


def get_api_url() -> str:
    """Where the API is found."""
    return os.environ.get("API_URL", "http://127.0.0.1:8011")


def get_token_key() -> str:
    """The key that tokens are signed with: 32 random bytes as base64url. Raises RuntimeError without one."""
    try:
        return os.environ["TOKEN_KEY"]
    except KeyError:
        raise RuntimeError("Set TOKEN_KEY to 32 random bytes as base64url; `make run` does so.") from None


def get_face_secret() -> str:
    """What proves that a request comes from the web face, whose word on client addresses then counts."""
    return os.environ.get("FACE_SECRET", "")
