"""The steps in containers: compose files made from the manifests, and the command that runs them."""
