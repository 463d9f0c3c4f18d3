"""`./stones slides`: builds the decks of `slides/` as HTML that works offline, and as PDF."""
