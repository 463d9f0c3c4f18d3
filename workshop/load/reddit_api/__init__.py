"""Posts from Reddit's API."""
