"""What measurements run in: processes, a MongoDB and steps of their own."""
