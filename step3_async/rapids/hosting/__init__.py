"""Hosting an instance: a web application, and a thread beside it that takes part in the rapids."""
