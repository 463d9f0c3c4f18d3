"""What services agree on: the envelope of events, and the catalogue of those that exist."""
