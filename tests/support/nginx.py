"""nginx in front of a face, configured by docs/nginx.conf, with a temporary certificate."""

import ipaddress
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.client import Client
from tests.support.eventually import eventually
from workshop.ports import free_port

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/nginx.conf"
PROXY = "127.0.0.9"
"""The address from which nginx sends requests to the face."""

START_SECONDS = 60.0
MAIN = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    {temporary}
    proxy_bind {proxy};
    include {folder}/stones.conf;
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Nginx:
    """A server at `url`, whose certificate is in a file."""

    url: str
    certificate: Path

    def trust_certificate(self, client: Client) -> Client:
        """Let a client that was made for `url` trust the certificate."""
        client.session.verify = str(self.certificate)
        return client


@contextmanager
def nginx(face: str, folder: Path, changes: Mapping[str, str] | None = None) -> Iterator[Nginx]:
    """Yield nginx with the example's configuration in front of `face`, with `changes` to its text.

    Skip the test if nginx is missing.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("needs nginx")
    port = free_port()
    certificate, key = make_certificate(folder)
    text = EXAMPLE.read_text()
    for old, new in {
        "server 127.0.0.1:8000;": f"server {urlsplit(face).netloc};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/ssl/certs/stones.pem": str(certificate),
        "/etc/ssl/private/stones.key": str(key),
        **(changes or {}),
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "stones.conf").write_text(text)
    temporary = "\n    ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    main = folder / "main.conf"
    main.write_text(MAIN.format(folder=folder, temporary=temporary, proxy=PROXY))
    command = [program, "-p", str(folder), "-c", str(main), "-e", str(folder / "error.log")]
    with subprocess.Popen(command) as process:
        try:
            made = Nginx(f"https://127.0.0.1:{port}", certificate)

            def is_up() -> None:
                assert process.poll() is None, (folder / "error.log").read_text()
                try:
                    made.trust_certificate(Client(made.url)).get("/health/live")
                except requests.ConnectionError as error:
                    raise AssertionError(str(error)) from error

            eventually(is_up, START_SECONDS)
            yield made
        finally:
            process.terminate()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write files with a self-signed certificate for 127.0.0.1 and its key, and return them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stones.example")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "stones.pem", folder / "stones.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files
