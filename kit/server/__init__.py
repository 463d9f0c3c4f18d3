"""The settings of gunicorn, and a worker that copes with slow clients."""
