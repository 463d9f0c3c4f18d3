"""Members: their passwords, tokens and profiles."""
