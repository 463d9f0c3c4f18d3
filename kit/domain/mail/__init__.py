"""Sharing a post by mail."""
