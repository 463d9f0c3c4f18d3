"""Prometheus metrics, right under several workers."""
