"""Accept headers as clients write them, by the media type that they should get."""

JSON = (
    "application/json",
    "*/*",
    "application/*",
    "",
    ", ,",
    "*",
    "application/json; charset=utf-8",
    "APPLICATION/JSON;Charset=UTF-8;q=0.5",
    "application/json;odata=verbose",
    'application/json; profile="a, b;c"',
    "application/json;charset=utf-8, text/plain",
    "text/plain;q=0.9, application/*;q=0.1",
    "application/json;q=0, application/json;charset=utf-8",
)
"""Headers that accept JSON where there is nothing else."""

JSON_RATHER = (
    *JSON,
    "application/json, text/html;q=0.9",
    "text/html;q=0.1, */*",
    "application/json;q=1, text/html;q=0.5",
    "application/json;charset=utf-8, text/html;charset=utf-8;q=0.9",
    "text/plain, application/json",
    "text/html;q=0, */*",
)
"""Headers that get JSON where there is HTML, too."""

HTML_RATHER = (
    "text/html",
    "text/*",
    "TEXT/HTML; Charset=utf-8",
    "text/html;level=1, application/json;q=0.9",
    "text/html, application/json;q=0.9",
    "application/json;q=0.1, text/html;q=0.2",
    "application/xhtml+xml, text/html",
    "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
)

NEITHER = (
    "text/plain",
    "image/png",
    "application/xml",
    "application/json;q=0",
    "application/json;charset=utf-8;q=0",
    "text/csv, image/*",
    "application/vnd.x+json",
    "application/problem+json",
    "json",
)
