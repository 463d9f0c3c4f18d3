"""The application's verbs, one module for each kind."""
