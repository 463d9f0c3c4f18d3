"""The contracts of services: the envelope of events, their payloads, and the catalogue of all events."""
