"""Clients of other services, and where the instances of services are."""
