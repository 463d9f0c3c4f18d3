"""HTTP as all our processes speak it: what comes in, what goes out, and what can go wrong."""
