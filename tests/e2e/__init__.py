"""The page in a real browser, whichever step is behind it."""
