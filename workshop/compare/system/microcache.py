"""nginx with a cache of one second, in front of a step.

It gives the monolith what a site would give it first: responses in JSON for visitors, at most as old as the
contract allows step 3 to be (one second). Requests with a token or a cookie pass it, and so do browsers, as
their pages contain a token against forged requests.
"""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from string import Template

from workshop import state
from workshop.ports import free_port
from workshop.testbed.process import StartedProcess, started

CONFIGURATION = Template("""\
daemon off;
$user
pid $folder/nginx.pid;
error_log stderr warn;
worker_processes 1;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $folder/nginx-body;
    proxy_temp_path $folder/nginx-proxy;
    fastcgi_temp_path $folder/nginx-fastcgi;
    uwsgi_temp_path $folder/nginx-uwsgi;
    scgi_temp_path $folder/nginx-scgi;
    map $$http_accept $$is_for_one { default 1; application/json 0; }
    proxy_cache_path $folder/nginx-cache keys_zone=pages:8m max_size=256m inactive=10s use_temp_path=off;
    upstream step { server $server; keepalive 32; }
    server {
        listen 127.0.0.1:$port;
        keepalive_requests 1000000;
        location / {
            proxy_pass http://step;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $$http_host;
            proxy_cache pages;
            proxy_cache_key $$request_uri|$$http_accept;
            proxy_cache_valid 200 1s;
            proxy_cache_lock on;
            proxy_ignore_headers Cache-Control Expires Vary Set-Cookie;
            proxy_cache_bypass $$is_for_one $$http_authorization $$http_cookie;
            proxy_no_cache $$is_for_one $$http_authorization $$http_cookie;
        }
    }
}
""")


@contextmanager
def microcache(url: str) -> Iterator[tuple[str, StartedProcess]]:
    """Run nginx before the server at `url` inside the block. Yield its own address, and its process."""
    folder, port = state.folder(), free_port()
    path = folder / "microcache.conf"
    # As root, nginx would give its workers a user that cannot read the state folder.
    user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
    server = url.removeprefix("http://")
    path.write_text(CONFIGURATION.substitute(user=user, folder=folder, server=server, port=port))
    with started("nginx", ["nginx", "-c", str(path)]) as nginx:
        cached = f"http://127.0.0.1:{port}"
        nginx.await_response(f"{cached}/health/live")
        yield cached, nginx
