"""`make learn`: runs the learner's step, checks it, and talks to the learner."""
