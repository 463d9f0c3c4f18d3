"""The names of the headers that the gateway, the services and the web face exchange.

`kit.http.headers` has those that step 2 uses as well.
"""

COMMAND = "Command"
"""`<domain>:<revision>:<key>`, from aggregates: the document that a request has changed, and its revision."""

DEPENDS_ON = "Depends-On"
"""`<service>.<domain>`, from views: what a response that is the same for all visitors was made from."""

GAPS = "Gaps"
"""The services that a composed response had to do without."""

DEADLINE = "Deadline-Ms"
"""The milliseconds that the sender of a request still has."""
