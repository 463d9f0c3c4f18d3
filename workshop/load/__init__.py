"""Loads posts into a step's `posts` collection: from files, from Reddit, or generated ones."""
