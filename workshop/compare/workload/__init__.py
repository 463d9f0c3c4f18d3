"""What is sent: the mix of requests, the readers, and the responses that are right."""
