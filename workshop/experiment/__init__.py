"""The experiment that all chapters repeat: mail hangs, and searches are watched meanwhile."""
