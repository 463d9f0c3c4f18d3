"""The list of posts, newest first, and single posts."""
