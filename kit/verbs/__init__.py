"""The application's verbs, which are no documents: a module each.

`make_blueprint` of each takes the collections and parts that the verb works with, wherever they lie: one API
may serve all verbs over one database, or one service each verb over a store of its own.
"""
