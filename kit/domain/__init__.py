"""The application's own subjects: posts, what readers do to them, members, pictures, mail.

Each module gets the collections and parts that it works with, and does not know where they are. So one
process may keep them all in one database, and several services each in their own.
"""
