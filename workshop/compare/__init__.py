"""`./stones compare`: what each architecture costs and buys, on this machine."""
