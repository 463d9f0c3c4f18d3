"""The bus over NATS and its JetStream. No other package names NATS."""
