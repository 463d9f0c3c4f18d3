"""The application's resources as Eve's DOMAIN describes them, and the hooks that belong to each."""
