"""The addresses of the contract, one module for each kind."""
