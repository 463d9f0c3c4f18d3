"""The only package of the monolith that knows MongoDB."""
