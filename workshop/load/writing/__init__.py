"""Writes posts into a collection, with retries and checkpoints."""
