"""The systems that are compared: steps that run on their own cores."""
