"""How gunicorn serves our processes, and bears slow clients."""
