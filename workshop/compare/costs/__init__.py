"""What a step costs: latency and capacity, CPU, memory, lag, and code to read."""
