"""Services of a step: replicas and versions that come and go while it runs."""
