"""Step 1: one Eve API over the database, and the web face as one of its clients."""

API_URL = "http://127.0.0.1:8011"
"""The address of the API, unless the variable of that name has another one."""
