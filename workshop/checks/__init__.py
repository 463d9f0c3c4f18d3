"""What `./stones doctor` looks at, one module a kind."""
