"""MongoDB: the client, indexes, schemas of stored documents, rate limits, change streams."""
