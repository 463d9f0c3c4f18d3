"""The open-loop load generator, and the proof of what it can measure."""
