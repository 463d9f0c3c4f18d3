"""What experiments do to a running step: send requests, kill parts, and let what it depends on hang."""
