"""`make learn` and `make check`: exercises, the learner's copies of the steps, and what checks observe."""
