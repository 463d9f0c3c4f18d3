"""Posts from files: opened, unpacked, and read as JSON or XML."""
