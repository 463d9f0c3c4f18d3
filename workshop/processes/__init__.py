"""Starts a step's processes, prints their output, restarts them where the step wants that, and stops them."""
