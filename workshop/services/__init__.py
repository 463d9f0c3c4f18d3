"""The services of a running step: the commands write the desired state, and the run makes it so."""
