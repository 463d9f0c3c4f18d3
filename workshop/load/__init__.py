"""Loads posts into a step's collection `posts`: from files, from Reddit's API, or generated ones."""
