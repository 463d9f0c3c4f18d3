"""The application's documents: posts, what readers do to them, members, pictures.

Each module works on collections it is given and knows nothing of the others' place, so that one process may
keep them all in one database and several services each their own.
"""
