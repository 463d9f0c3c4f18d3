"""What the check of an exercise observes of a running step, and why a step does not start."""
