"""What all our processes share about HTTP: requests, responses, and errors."""
