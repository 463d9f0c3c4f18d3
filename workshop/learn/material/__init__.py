"""The exercises, the learner's copies of the steps, and how far the learner has come."""
