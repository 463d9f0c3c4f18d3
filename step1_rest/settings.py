"""Step 1's own settings, read from the environment when asked for; others are in `kit.environment`."""

import os


def get_api_url() -> str:
    """Where the API is found."""
    return os.environ.get("API_URL", "http://127.0.0.1:8011")
