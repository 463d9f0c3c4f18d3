"""`./stones doctor` and its checks, one module for each kind."""
