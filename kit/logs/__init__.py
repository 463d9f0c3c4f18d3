"""Structured logs, and an id for each request that travels with it from service to service."""

from kit.logs.configure import configure_logs
from kit.logs.requests import HEADER, log_requests, outgoing_headers

__all__ = ["HEADER", "configure_logs", "log_requests", "outgoing_headers"]
