"""The ways of a request: its legs at each step, from the traces of running steps, and pictures of them."""
