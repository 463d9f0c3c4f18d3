"""The face's HTTP side: representations, bodies, identity, errors."""
