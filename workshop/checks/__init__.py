"""What `workshop doctor` looks at, one module a kind."""
