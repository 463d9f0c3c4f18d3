"""Marks: what readers do to posts; tag, like, hide."""
