"""What the application knows: posts, what readers do to them, members, pictures, mail.

Each module works on collections and parts it is given and knows nothing of their place, so that one process
may keep them all in one database, and several services each their own.
"""
