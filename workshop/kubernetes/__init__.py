"""Steps 2 and 3 for Kubernetes: manifests made from `step.toml`, and the secrets that they name."""
