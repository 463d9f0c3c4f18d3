"""The settings of gunicorn, a worker that copes with slow clients, and how it runs without a master."""
