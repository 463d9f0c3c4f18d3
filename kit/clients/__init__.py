"""A client of other services, and the discovery of their instances."""
