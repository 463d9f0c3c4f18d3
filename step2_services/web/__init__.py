"""The web face of step 2: step 0's application over a store that calls the services."""
