"""OpenTelemetry's spans of our processes, off by default. Without them none of its packages is imported."""
