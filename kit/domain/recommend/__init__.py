"""Recommendations: much loved posts, and those of a reader's interests first."""
