"""A cache of Eve's settings.

Eve reads its settings through one object, `eve.utils.config`, whose `__getattr__` finds the current
application's configuration through Flask's proxies: several hundred look-ups a request for a page of
documents, a third of Eve's time. Python calls `__getattr__` only for what an object does not have. So, in a
process that serves one application (gunicorn's workers do), that application's settings are put into the
object's own dictionary, and the look-ups never get to `__getattr__`.

Where a second application is made in the same process, as tests do, the dictionary is emptied and look-ups
are slow again. The settings of an application must not change after `cache_settings`.
"""

import weakref
from typing import Any

from eve.utils import config
from flask import Flask

_apps: "weakref.WeakSet[Flask]" = weakref.WeakSet()


def uncache_settings() -> None:
    """Empty the cache. Call this before another application is made."""
    vars(config).clear()


def cache_settings(app: Flask) -> None:
    """Cache `app`'s settings, if it is the only application of this process."""
    _apps.add(app)
    uncache_settings()
    if len(_apps) == 1:
        vars(config).update(_settings(app))


def cache_only(app: Flask) -> None:
    """Cache `app`'s settings although there are other applications, which must not be used any more.

    Tests and measurements need this, as they make several applications in one process.
    """
    _apps.clear()
    cache_settings(app)


def _settings(app: Flask) -> dict[str, Any]:
    return {name: value for name, value in app.config.items() if name.isupper()}
