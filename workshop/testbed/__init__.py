"""The environment of measurements: processes, a MongoDB and steps of their own."""
