"""The monolith's collections in MongoDB. No other package of step 0 knows MongoDB."""
