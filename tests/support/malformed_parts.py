"""The parts from which malformed requests are made."""

GET, POST, FORM, MARK = ("GET", "HEAD"), ("POST",), ("GET", "POST", "POST"), ("PUT", "DELETE")
LISTS = (
    "/",
    "/search",
    "/recommended",
    "/posts/{}",
    "/images/{}",
    "/me",
    "/tags",
    "/tags/{}",
    "/likes",
    "/hidden",
)
MARKS = ("/posts/{}/like", "/posts/{}/hide", "/posts/{}/tags/{}", "/posts/t3_1/tags/{}")
SERVICE = ("/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json")
STRAY = ("/docs/assets/{}", "/static/{}", "/{}", "/{}/{}", "{}")
ROUTES = (
    *((GET, path) for path in (*LISTS, *SERVICE, *STRAY)),
    *((FORM, path) for path in ("/signup", "/login", "/login")),
    *(
        (POST, path)
        for path in (
            "/logout",
            "/posts/{}/unhide",
            "/posts/{}/share",
            "/posts/t3_1/share",
            "/posts/se_1/share",
        )
    ),
    *((MARK, path) for path in MARKS),
)
"""Methods that a path allows, and the path with placeholders for unexpected values."""

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "BREW", "G")
PARAMETERS = {
    **dict.fromkeys(("/", "/tags", "/tags/{}", "/likes", "/hidden"), ("page", "max_results")),
    "/search": ("q", "q", "page", "max_results"),
    "/recommended": ("topic",),
    **dict.fromkeys(("/login", "/signup"), ("next",)),
}
NAMES = (
    *(
        "q",
        "page",
        "max_results",
        "topic",
        "next",
        "where",
        "sort",
        "projection",
        "aggregate",
        "embedded",
        "_id",
    ),
    *(
        "username",
        "password",
        "email",
        "to",
        "note",
        "csrf_token",
        "$where",
        "q[$ne]",
        "q[$regex]",
        "page[$gt]",
    ),
    *("topic[$in][]", "a.b", "$or", "__proto__", "constructor", "", "\x00", "page\x00", "ä", "🪨"),
)
VALUES = (
    *(
        "",
        "0",
        "-1",
        "1",
        "1e9",
        "9" * 400,
        "NaN",
        "true",
        "null",
        "[]",
        "{}",
        '{"$gt": ""}',
        '{"$ne": null}',
    ),
    *(
        "\x00",
        "a\x00b",
        "\r\nX-Injected: 1",
        "%",
        "%00",
        "%zz",
        "../../etc/passwd",
        "..\\..",
        "<script>",
        "*",
    ),
    *("' or 1=1 --", "$where", "this.password", "function(){return true}", "sleep(9999)", "\u202e", "\ufeff"),
    *("🪨" * 60, "a" * 3000, "//evil.example", "t3_1", "se_1", "t3_" + "z" * 14, '"', '"a', "-a", "\ud7ff"),
    *("ａ", "𝟙", "{{7*7}}", "${7*7}"),
)
ACCEPT = (*["application/json", "text/html", "*/*"] * 4, "image/png", ";q=", ",", "text/html;q=2")
MEDIA_TYPES = (
    *["application/json"] * 20,
    *["application/x-www-form-urlencoded"] * 4,
    *(
        "application/json; charset=utf-8",
        "application/json; charset=utf-16",
        "application/json; charset=none",
    ),
    *(
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "*/*",
        ";;;",
        "",
        "application/bson",
        "text/plain",
    ),
)
HEADERS = {
    "Authorization": (
        "Bearer",
        "Bearer \x01",
        "Basic !!!",
        "Basic \xff",
        "Bearer \xff",
        'Digest response="\xff"',
        "Bearer a b",
        "Bearer " + "a" * 5000,
        "Digest",
        "\xff",
    ),
    "Cookie": (
        "session=",
        "session=a; session=b",
        "session=\x01",
        "=;=",
        "session=" + "a" * 3000,
        "session=\xff",
    ),
    "If-None-Match": ('"', "*", "W/", '"a', "a" * 2000, '"\xff"'),
    "X-CSRFToken": ("", "a", "a.b.c", "\xff"),
    "Range": ("bytes=0-", "bytes=9-1", "x=1", "bytes=" + "0-1," * 200),
    "Prefer": ("respond-async", "wait=", "wait=-1", "wait=nan", "wait=1e9", ";;"),
    "X-HTTP-Method-Override": ("DELETE", "\xff"),
    "X-Long": ("a" * 7000, "a" * 9000),
    "Accept-Language": ("*", ";q", "\xff"),
    "If-Modified-Since": ("yesterday", "Thu, 99 Foo 99999 99:99:99 GMT"),
    "Expect": ("100-continue", "nothing"),
}
