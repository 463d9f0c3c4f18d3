"""Intervals, the search for capacity, and the fit of a law of scaling."""
