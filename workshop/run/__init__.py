"""`./stones run`: one run of a step, its lock, its rendered templates and what it monitors."""
