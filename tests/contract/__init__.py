"""The contract, checked from outside: by a base URL, a deadline for other readers and a mailbox's API."""
