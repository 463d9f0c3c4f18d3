"""Variables that a caller's shell may have for other programs and projects."""

SHELL = {
    **dict.fromkeys(("HTTP_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9"),
    **dict.fromkeys(("GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"), "9"),
    **dict.fromkeys(("FLASK_DEBUG", "EVE_SETTINGS", "VIRTUAL_ENV", "REQUESTS_CA_BUNDLE"), "1"),
    **dict.fromkeys(("VERSION", "INSTANCE", "PORT", "LISTEN_FD", "OWN_URL", "LOG_LEVEL", "WEB_WORKERS"), "7"),
    **dict.fromkeys(("API_URL", "SERVICES_FILE", "TOKEN_LIFETIME", "ACCESS_LOG", "LOG_FORMAT"), "theirs"),
    "PROMETHEUS_MULTIPROC_DIR": "theirs",
}

SECRETS = dict.fromkeys(("SECRET_KEY", "TOKEN_KEY", "FACE_SECRET"), "theirs")

PYTHON = dict.fromkeys(("PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "PYTHONINSPECT", "PYTHONSAFEPATH"), "1")

ODD_NAME = "josé's [x] {y} $HOME"
"""A name for folders with characters that shells, patterns, formats and configuration files may misread."""
