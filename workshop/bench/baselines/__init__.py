"""Programs without any of the workshop's code, which measurements compare it with."""
