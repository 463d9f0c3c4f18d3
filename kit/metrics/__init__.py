"""Prometheus metrics that are correct with several workers."""
