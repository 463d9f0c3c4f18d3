"""Turns the records of sources into posts."""
