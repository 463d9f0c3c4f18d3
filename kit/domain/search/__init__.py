"""Full-text search, also in languages that put no spaces between words."""
