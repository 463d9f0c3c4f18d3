"""Step 1's own setting; others are in `kit.settings`."""

from pydantic import Field

from kit.settings import Settings


class ApiSettings(Settings):
    """Where the API is found."""

    url: str = Field("http://127.0.0.1:8011", alias="API_URL")
